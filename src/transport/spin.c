/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/spin.h"

#include "transport/transport.h"

void spin_init(struct spin *spin, uint32_t us, unsigned loops, unsigned processors)
{
    if (us == TRANSPORT_SPIN_AUTO)
        us = loops <= processors ? SPIN_US : 0;
    *spin = (struct spin){.limit_ns = us * 1000LL};
}

static uint32_t longer_rest(uint32_t rest)
{
    if (rest == 0)
        return 1;
    return rest < SPIN_REST_MAX / 2 ? rest * 2 : SPIN_REST_MAX;
}

void spin_note(struct spin *spin, bool found)
{
    spin->rest = found ? spin->rest / 4 : longer_rest(spin->rest);
    spin->left = spin->rest;
}
