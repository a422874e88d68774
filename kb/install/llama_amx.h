/* Included before llama.cpp's kernels for AMX where GCC compiles them (see llama.cmake).
 *
 * Up to 12.3 and 13.2, GCC's own _tile_loadconfig tells the optimiser that it reads 8 of the 64
 * bytes it is given (GCC bug 114098). The shapes of the tiles are then never written, and the
 * first multiplication ends the process with SIGILL. This one says all that is read. */
#include <immintrin.h>

struct kb_tile_config {
    unsigned char bytes[64];
};

#define _tile_loadconfig(config) \
    __asm__ volatile("ldtilecfg %0" : : "m"(*(const struct kb_tile_config *)(config)))
