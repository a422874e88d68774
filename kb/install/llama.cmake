# Read by CMake when llama.cpp's own project begins (CMAKE_PROJECT_llama.cpp_INCLUDE).

# Python loads libllama and libggml only. The package forces this cache entry on, but
# llama.cpp's option() leaves a normal variable of the same name alone.
set(LLAMA_BUILD_COMMON OFF)

# Several sources at a time compile faster (CMAKE_UNITY_BUILD). Those for BLAS and for other GPUs
# than NVIDIA's are written to be compiled one by one. So are those for AMX (Xeon of the fourth
# generation and newer): they want the block types declared in another way than the files before.
function(compile_backends_one_by_one)
  foreach(backend ggml-metal ggml-blas ggml-vulkan ggml-hip)
    if(TARGET ${backend})
      set_target_properties(${backend} PROPERTIES UNITY_BUILD OFF)
    endif()
  endforeach()
  if(TARGET ggml-cpu)
    get_target_property(folder ggml-cpu SOURCE_DIR)
    get_target_property(sources ggml-cpu SOURCES)
    list(FILTER sources INCLUDE REGEX "/amx/.*\\.cpp$")
    list(TRANSFORM sources PREPEND "${folder}/")
    set_source_files_properties(
      ${sources} TARGET_DIRECTORY ggml-cpu PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      set_source_files_properties(
        ${sources} TARGET_DIRECTORY ggml-cpu PROPERTIES
        COMPILE_OPTIONS "-include;${CMAKE_CURRENT_FUNCTION_LIST_DIR}/llama_amx.h")
    endif()
  endif()
endfunction()
cmake_language(DEFER CALL compile_backends_one_by_one)

# CUDA's headers cost each file 4 s. llama.cpp has a file for each instance of its large kernels:
# the #include of a header, which may lack a guard, and declarations. Four of a kind become one
# file. CMAKE_UNITY_BUILD takes all others, except those that are large or define another's names.
function(compile_cuda_kernels_together)
  if(NOT TARGET ggml-cuda)
    return()
  endif()
  get_target_property(folder ggml-cuda BINARY_DIR)
  get_target_property(sources ggml-cuda SOURCES)
  foreach(kind fattn-mma-f16 fattn-tile mmf mmq)
    set(instances ${sources})
    list(FILTER instances INCLUDE REGEX "/template-instances/${kind}-instance-[^/]*[.]cu$")
    set(group 0)
    while(instances)
      list(SUBLIST instances 0 4 files)
      list(REMOVE_ITEM instances ${files})
      list(REMOVE_ITEM sources ${files})
      math(EXPR group "${group} + 1")
      set(together "${folder}/together/${kind}-${group}.cu")
      write_together("${together}" ${files})
      list(APPEND sources "${together}")
    endwhile()
  endforeach()
  set_target_properties(ggml-cuda PROPERTIES SOURCES "${sources}")
  list(
    FILTER sources INCLUDE REGEX "/(ggml-cuda|fattn.*|mm.*|conv2d|convert|cpy|getrows|mean)[.]cu$")
  set_source_files_properties(
    ${sources} TARGET_DIRECTORY ggml-cuda PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# Write the header that the files include, once, and the declarations of all of them.
function(write_together path)
  set(include "")
  set(declarations "")
  foreach(file IN LISTS ARGN)
    file(READ "${file}" text)
    string(REGEX MATCH "#include \"([^\"]+)\"" found "${text}")
    string(REPLACE "${found}" "" text "${text}")
    cmake_path(ABSOLUTE_PATH CMAKE_MATCH_1 BASE_DIRECTORY "${file}/.." NORMALIZE)
    set(include "#include \"${CMAKE_MATCH_1}\"\n")
    string(APPEND declarations "${text}")
  endforeach()
  file(CONFIGURE OUTPUT "${path}" CONTENT "@include@@declarations@" @ONLY)
endfunction()
cmake_language(DEFER CALL compile_cuda_kernels_together)
