/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/array.h"

#include <string.h>

#include "base/memory.h"

void *local_array_grow(void *items, uint32_t count, size_t size, uint32_t *room, uint32_t first)
{
    uint32_t larger = *room ? *room * 2 : first;
    void *grown = memory_alloc(MEMORY_calls, larger * size);

    if (!grown)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * size);
    memory_free(MEMORY_calls, items);
    *room = larger;
    return grown;
}
