# Read by CMake when ggml's own project begins (CMAKE_PROJECT_ggml_INCLUDE), in builds for CUDA.

# llama.cpp has a file for every instance of its larger kernels, and each of them reads CUDA's headers
# for 4 s. Four of a kind are compiled as one: such a file is an include and its instances.
set(KB_INSTANCES_AT_A_TIME 4)

# Cards from Turing on (7.5) have tensor cores, and llama.cpp's flash attention uses them for every
# size of head but 40 and 72. Its kernels without tensor cores then never run for other sizes.
function(has_tensor_cores_everywhere folder result)
  set(${result} FALSE PARENT_SCOPE)
  file(READ "${folder}/fattn.cu" chooser)
  string(FIND "${chooser}"
    "if (turing_mma_available(cc) && Q->ne[0] != 40 && Q->ne[0] != 72) {" chooses_as_above)
  get_target_property(architectures ggml-cuda CUDA_ARCHITECTURES)
  foreach(architecture IN LISTS architectures)
    string(REGEX MATCH "^[0-9]+" number "${architecture}")
    if(NOT number OR number LESS 75)  # what is "native" is not known here
      return()
    endif()
  endforeach()
  if(architectures AND NOT chooses_as_above EQUAL -1)
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

function(compile_as_one name before)
  set(text "${before}")
  foreach(file IN LISTS ARGN)
    string(APPEND text "#include \"${file}\"\n")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/kernels/${name}.cu" CONTENT "@text@" @ONLY)
  get_target_property(sources ggml-cuda SOURCES)
  list(REMOVE_ITEM sources ${ARGN})
  list(APPEND sources "${CMAKE_BINARY_DIR}/kernels/${name}.cu")
  set_target_properties(ggml-cuda PROPERTIES SOURCES "${sources}")
endfunction()

function(group_cuda_kernels)
  if(NOT TARGET ggml-cuda)
    return()
  endif()
  get_target_property(folder ggml-cuda SOURCE_DIR)
  get_target_property(sources ggml-cuda SOURCES)
  has_tensor_cores_everywhere("${folder}" tensor_cores)
  foreach(kind fattn-mma fattn-tile mmf mmq)
    set(files ${sources})
    list(FILTER files INCLUDE REGEX "/template-instances/${kind}-.*\\.cu$")
    if(kind STREQUAL "fattn-tile" AND tensor_cores)
      set(unused ${files})
      list(FILTER unused EXCLUDE REGEX "-dkq(40|72)-")
      list(FILTER files INCLUDE REGEX "-dkq(40|72)-")
      # Without the bodies of the kernels: who starts one all the same gets CUDA's error.
      compile_as_one(fattn-tile-unused "#define GGML_CUDA_NO_FA\n" ${unused})
    endif()
    set(group 0)
    while(files)
      list(SUBLIST files 0 ${KB_INSTANCES_AT_A_TIME} some)
      list(REMOVE_ITEM files ${some})
      math(EXPR group "${group} + 1")
      compile_as_one(${kind}-${group} "" ${some})
    endwhile()
  endforeach()
endfunction()
cmake_language(DEFER CALL group_cuda_kernels)
