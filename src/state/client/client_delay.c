/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_delay.h"

#include <string.h>

void client_delay_note(struct client_delay *delay, const uint8_t other[NFS4_OTHER_SIZE],
                       int64_t now_ns)
{
    uint64_t first;
    uint32_t last;

    memcpy(&first, other, sizeof(first));
    memcpy(&last, other + sizeof(first), sizeof(last));
    atomic_store_explicit(&delay->first, first, memory_order_relaxed);
    atomic_store_explicit(&delay->last, last, memory_order_relaxed);
    atomic_store_explicit(&delay->at_ns, now_ns, memory_order_release);
}

int64_t client_delay_read(const struct client_delay *delay, uint8_t other[NFS4_OTHER_SIZE])
{
    int64_t at_ns = atomic_load_explicit(&delay->at_ns, memory_order_acquire);
    uint64_t first = atomic_load_explicit(&delay->first, memory_order_relaxed);
    uint32_t last = atomic_load_explicit(&delay->last, memory_order_relaxed);

    memcpy(other, &first, sizeof(first));
    memcpy(other + sizeof(first), &last, sizeof(last));
    return at_ns;
}
