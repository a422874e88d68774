# Read by CMake when llama.cpp's own project begins (CMAKE_PROJECT_llama.cpp_INCLUDE).

# Python loads libllama and libggml only. The package forces this cache entry on, but
# llama.cpp's option() leaves a normal variable of the same name alone.
set(LLAMA_BUILD_COMMON OFF)

# Several sources at a time compile faster (CMAKE_UNITY_BUILD), but kernels for GPUs and BLAS
# are written to be compiled one by one.
function(compile_backends_one_by_one)
  foreach(backend ggml-cuda ggml-metal ggml-blas ggml-vulkan ggml-hip)
    if(TARGET ${backend})
      set_target_properties(${backend} PROPERTIES UNITY_BUILD OFF)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL compile_backends_one_by_one)
