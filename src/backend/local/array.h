/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow during a call (MEMORY_calls). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Returns a larger array that replaces `items`, with its first `count` elements of `size` bytes.
 * It has room for twice *room elements, or for `first` if *room is 0, and *room is updated.  NULL
 * without memory: nothing has changed. */
void *local_array_grow(void *items, uint32_t count, size_t size, uint32_t *room, uint32_t first);
