/* SPDX-License-Identifier: Apache-2.0 */
/* When loops stay awake, and that they come to rest. */
#include "transport/spin.h"

#include <unistd.h>

#include "lib/test.h"
#include "lib/wait.h"
#include "rpc_server.h"

static struct rpc_server server;

static int64_t limit_of(uint32_t us, unsigned loops, unsigned processors)
{
    struct spin spin;

    spin_init(&spin, us, loops, processors);
    return spin.limit_ns;
}

/* Left to itself, a loop spins only if no other one needs its processor. */
static void usual_length(void **state)
{
    (void)state;
    assert_int_equal(limit_of(TRANSPORT_SPIN_AUTO, 1, 1), SPIN_US * 1000);
    assert_int_equal(limit_of(TRANSPORT_SPIN_AUTO, 4, 8), SPIN_US * 1000);
    assert_int_equal(limit_of(TRANSPORT_SPIN_AUTO, 2, 1), 0);
    assert_int_equal(limit_of(TRANSPORT_SPIN_AUTO, 9, 8), 0);
    assert_int_equal(limit_of(70, 9, 8), 70000);
    assert_int_equal(limit_of(0, 1, 8), 0);
}

/* Waits until the next one that spins, itself included. */
static unsigned waits_until_due(struct spin *spin)
{
    unsigned waits = 1;

    while (!spin_is_due(spin))
        waits++;
    return waits;
}

static void rests_longer_and_longer(void **state)
{
    struct spin spin;

    (void)state;
    spin_init(&spin, SPIN_US, 1, 1);
    assert_int_equal(waits_until_due(&spin), 1);
    for (unsigned rest = 1; rest <= SPIN_REST_MAX; rest *= 2) {
        spin_note(&spin, false);
        assert_int_equal(waits_until_due(&spin), rest + 1);
    }
    spin_note(&spin, false);
    assert_int_equal(waits_until_due(&spin), SPIN_REST_MAX + 1);
    for (unsigned rest = SPIN_REST_MAX / 4; rest > 0; rest /= 4) {
        spin_note(&spin, true);
        assert_int_equal(waits_until_due(&spin), rest + 1);
    }
    spin_note(&spin, true);
    assert_int_equal(waits_until_due(&spin), 1);
}

static void never(void **state)
{
    struct spin spin;

    (void)state;
    spin_init(&spin, 0, 1, 8);
    for (unsigned i = 0; i < 10; i++)
        assert_false(spin_is_due(&spin));
}

/* One round trip after the other: loops stay awake for the next request, are answered all the same,
 * and rest when there is none. */
static void round_trips(void **state)
{
    struct transport_stats stats;
    int fd;

    (void)state;
    rpc_server_start_spinning(&server, 1, TRANSPORT_SPIN_US_MAX);
    fd = client_connect(&server);
    for (uint32_t i = 0; rpc_server_stats(&server).spins == 0; i++)
        client_ping(fd, i);
    wait_until(rpc_server_rests(&server));
    stats = rpc_server_stats(&server);
    assert_true(stats.spins_vain > 0);
    assert_true(stats.spins + stats.spins_vain <= stats.waits);
    client_ping(fd, 1);
    close(fd);
    rpc_server_stop(&server);
}

static void round_trips_without(void **state)
{
    int fd;

    (void)state;
    rpc_server_start_spinning(&server, 1, 0);
    fd = client_connect(&server);
    for (uint32_t i = 0; i < 100; i++)
        client_ping(fd, i);
    assert_int_equal(rpc_server_stats(&server).spins, 0);
    assert_int_equal(rpc_server_stats(&server).spins_vain, 0);
    close(fd);
    rpc_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_length),
        cmocka_unit_test(rests_longer_and_longer),
        cmocka_unit_test(never),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(round_trips_without),
    };

    return test_group_run(tests);
}
