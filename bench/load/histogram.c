/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/histogram.h"

/* Values below 2^SUB_BITS have a bucket each; above, each power of two has 2^SUB_BITS buckets. */
static unsigned bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns < 1u << HISTOGRAM_SUB_BITS)
        return (unsigned)ns;
    shift = 63u - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
    return ((shift + 1) << HISTOGRAM_SUB_BITS) +
           (unsigned)((ns >> shift) - (1u << HISTOGRAM_SUB_BITS));
}

static uint64_t bucket_top(unsigned bucket)
{
    unsigned shift = bucket >> HISTOGRAM_SUB_BITS;
    uint64_t sub = bucket & ((1u << HISTOGRAM_SUB_BITS) - 1);

    if (shift == 0)
        return sub;
    shift--;
    return (((1u << HISTOGRAM_SUB_BITS) + sub + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    h->buckets[bucket_of(ns)]++;
    h->count++;
    if (ns > h->max_ns)
        h->max_ns = ns;
}

void histogram_join(struct histogram *h, const struct histogram *part)
{
    h->count += part->count;
    if (part->max_ns > h->max_ns)
        h->max_ns = part->max_ns;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        h->buckets[i] += part->buckets[i];
}

uint64_t histogram_percentile_ns(const struct histogram *h, double fraction)
{
    uint64_t wanted = (uint64_t)(fraction * (double)h->count), seen = 0;

    if (h->count == 0)
        return 0;
    if (wanted == 0)
        wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= wanted)
            return bucket_top(i) < h->max_ns ? bucket_top(i) : h->max_ns;
    }
    return h->max_ns;
}
