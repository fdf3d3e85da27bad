/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client creates many files in a directory that two others keep by notifications, one of which
 * answers nothing (P-14, S22-D12): what the server keeps for them is bounded, the writer does not
 * wait for them, the one that answers keeps up or is recalled, the other one is recalled.
 *
 * MAINSTAY_CHANGES sets the number of files; bench/dirdeleg measures the rates.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "dir_model/watcher.h"
#include "lib/wait.h"
#include "scrape.h"
#include "script.h"

enum {
    FILES = 10000,
    LONGEST = 1000000, /* of a flood in which no sample shows a change */
    ALONE = 1000,      /* in a directory that nobody watches */
    WATCHERS = 2,
    SAMPLE_MS = 20,
};

static struct client_fh dir, other;
static struct watcher watchers[WATCHERS];

struct flood {
    struct client_fh dir;
    uint32_t count;
    _Atomic bool unseen; /* go on beyond the count: no sample has shown the changes yet */
    _Atomic bool over;
    double rate;
};

static uint32_t file_count(void)
{
    const char *text = getenv("MAINSTAY_CHANGES");

    return text ? (uint32_t)strtoul(text, NULL, 10) : FILES;
}

static void *flood_run(void *arg)
{
    struct flood *flood = arg;
    int64_t begin_ms = wait_now_ms(), took_ms;
    struct client_fh fh;
    char name[24];
    uint32_t i;

    for (i = 0; i < flood->count || (flood->unseen && i < LONGEST); i++) {
        (void)snprintf(name, sizeof(name), "file %u", i);
        CHECK(client_file_symlink(&alice, &flood->dir, name, "target", &fh) == NFS4_OK);
    }
    took_ms = wait_now_ms() - begin_ms;
    flood->rate = i * 1000.0 / (double)(took_ms > 0 ? took_ms : 1);
    flood->over = true;
    return NULL;
}

static double sample(const char *pattern)
{
    struct scrape scrape = scrape_take();
    double value = scrape_sum(&scrape, pattern);

    scrape_free(&scrape);
    return value;
}

/* Returns the most that was kept for the watchers at any time. */
static double flood_watched(struct flood *flood)
{
    pthread_t thread;
    double most = 0;

    flood->unseen = true;
    CHECK(pthread_create(&thread, NULL, flood_run, flood) == 0);
    while (!flood->over) {
        double bytes = sample("delegation_notify_bytes");

        most = bytes > most ? bytes : most;
        flood->unseen = most == 0;
        wait_ms(SAMPLE_MS);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    return most;
}

static void watchers_begin(void)
{
    for (uint32_t i = 0; i < WATCHERS; i++) {
        struct watcher *w = &watchers[i];

        memset(w, 0, sizeof(*w));
        w->number = i;
        w->target = script_server.target;
        w->fhs = &dir;
        w->dir_count = 1;
        watcher_start(w);
        assert_true(watcher_compare(w));
        assert_true(w->told_of_entries);
    }
}

static uint32_t losses(const struct watcher *w)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < WATCHER_LOSSES; i++)
        sum += w->figures.losses[i];
    return sum;
}

static void test_flood(void **state)
{
    struct flood alone = {.count = ALONE}, watched = {.count = file_count()};
    double most;

    dir = watched.dir = script_dir(*state);
    other = alone.dir = script_dir(*state);
    (void)flood_run(&alone);
    watchers_begin();
    watchers[1].frozen = true;
    most = flood_watched(&watched);
    print_message("  creates/s: %.0f unwatched, %.0f watched; at most %.0f bytes of changes\n",
                  alone.rate, watched.rate, most);
    print_message("  queued %.0f, coalesced %.0f, sent %.0f, overflows %.0f, failures %.0f\n",
                  sample("delegation_notify_events_queued"),
                  sample("delegation_notify_events_coalesced"),
                  sample("delegation_notify_events_sent"), sample("delegation_notify_overflows"),
                  sample("delegation_notify_failures"));
    assert_true(most > 0 && most <= WATCHERS * (double)LIMIT_WATCH_BYTES);
    assert_true(sample("delegation_notify_overflows") >= 1);
    watchers[1].frozen = false;
    for (uint32_t i = 0; i < WATCHERS; i++)
        assert_true(watcher_compare(&watchers[i]));
    assert_true(losses(&watchers[1]) > 0);
    for (uint32_t i = 0; i < WATCHERS; i++) {
        watcher_stop(&watchers[i]);
        print_message("  watcher %u: %llu told, %u lost\n", i,
                      (unsigned long long)watchers[i].figures.told, losses(&watchers[i]));
        watcher_free(&watchers[i]);
    }
}

static int set_up(void **state)
{
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--set",
                                          "nfs.directory_delegations=notify", NULL};

    (void)state;
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"test_flood on mem", test_flood, NULL, NULL, script_mem},
    };

    return test_group_run_fixtures(tests, set_up, script_teardown);
}
