/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that a seed reproduces: splitmix64, one state for each user. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline struct random random_from(uint64_t seed, uint64_t who)
{
    struct random r = {seed};

    r.state = random_next(&r) + who * 0xd1342543de82ef95u;
    return r;
}

/* 0 to n-1. */
static inline uint32_t random_below(struct random *r, uint32_t n)
{
    return (uint32_t)(random_next(r) >> 32) % n;
}

static inline bool random_one_in(struct random *r, uint32_t n)
{
    return random_below(r, n) == 0;
}

/* The bytes that `seed` determines. */
static inline void random_fill(uint64_t seed, uint8_t *data, size_t len)
{
    struct random r = {seed};

    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = random_next(&r);

        memcpy(data + i, &word, len - i < 8 ? len - i : 8);
    }
}
