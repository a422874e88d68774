# Read by CMake when llama.cpp's own project begins (CMAKE_PROJECT_llama.cpp_INCLUDE).

# Python loads libllama and libggml only. The package forces this cache entry on, but
# llama.cpp's option() leaves a normal variable of the same name alone.
set(LLAMA_BUILD_COMMON OFF)

# Several sources at a time compile faster (CMAKE_UNITY_BUILD), but kernels for GPUs and BLAS
# are written to be compiled one by one, and so are those for AMX (Xeon of the fourth generation
# and newer): they want the block types declared in another way than the files before them.
function(compile_backends_one_by_one)
  foreach(backend ggml-cuda ggml-metal ggml-blas ggml-vulkan ggml-hip)
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
