// libxxhash, compiled from its header: one library less that an installed program needs.
#define XXH_STATIC_LINKING_ONLY
#define XXH_IMPLEMENTATION
#include <xxhash.h>
