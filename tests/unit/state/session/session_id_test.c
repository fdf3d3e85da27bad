/* SPDX-License-Identifier: Apache-2.0 */
/* Session ids are random: no two are the same, and none can be guessed from others (SR-06). */
#include <stdlib.h>
#include <string.h>

#include "unit/state/client/client_fixture.h"

enum {
    IDS = 2048,
    BITS = NFS4_SESSIONID_SIZE * 8
};

static uint8_t ids[IDS][NFS4_SESSIONID_SIZE];

static void make_ids(void)
{
    struct CREATE_SESSION4resok res;

    for (uint32_t i = 0; i < IDS; i++) {
        char owner[16];

        (void)snprintf(owner, sizeof(owner), "%u", i);
        (void)confirmed(owner, 1, &res);
        memcpy(ids[i], res.csr_sessionid, NFS4_SESSIONID_SIZE);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, NFS4_SESSIONID_SIZE);
}

static unsigned bit_of(const uint8_t *id, unsigned bit)
{
    return id[bit / 8] >> bit % 8 & 1;
}

/* Each bit is set in about half of the ids, and changes from one to the next about half the time:
 * 2048 coin tosses never deviate from their mean by 8 standard deviations. */
static void random_bits(void **unused)
{
    const unsigned least = IDS / 2 - 181, most = IDS / 2 + 181;

    (void)unused;
    make_ids();
    for (unsigned bit = 0; bit < BITS; bit++) {
        unsigned set = 0, changed = 0;

        for (unsigned i = 0; i < IDS; i++) {
            set += bit_of(ids[i], bit);
            changed += i > 0 && bit_of(ids[i], bit) != bit_of(ids[i - 1], bit);
        }
        assert_in_range(set, least, most);
        assert_in_range(changed, least, most);
    }
    qsort(ids, IDS, sizeof(ids[0]), compare);
    for (unsigned i = 1; i < IDS; i++)
        assert_memory_not_equal(ids[i], ids[i - 1], NFS4_SESSIONID_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(random_bits),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
