/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow while a call works on them (MEMORY_calls). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A larger array in place of `items`, with its first `count` elements of `size` bytes: it has room
 * for twice as many as *room says, or for `first` if that is 0.  NULL without memory; then all is
 * as it was. */
void *local_array_grow(void *items, uint32_t count, size_t size, uint32_t *room, uint32_t first);
