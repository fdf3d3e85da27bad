/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories kept under delegations equal READDIR at every quiet point (SR-16, SR-28): four
 * clients change twenty directories at random; three others, one of which changes them, too, keep
 * them by notifications alone, or by recalls; connections are cut at random points, and the server
 * is killed and started again.
 *
 * MAINSTAY_SEED repeats a run's steps, MAINSTAY_CHANGES sets the number of changes.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "dir_model/watcher.h"
#include "dir_model/writer.h"
#include "lib/wait.h"
#include "script.h"

#ifdef __SANITIZE_THREAD__
enum {
    SLOWNESS = 4
};
#else
enum {
    SLOWNESS = 1
};
#endif

enum {
    WRITERS = 4,
    WATCHERS = 3,
    PHASES = 10, /* each ends at a quiet point */
    RECALLED_CHANGES = 100,
    CHANGES = 10000, /* of each test */
};

static struct client_fh dirs[WATCHER_DIRS];
static struct writer writers[WRITERS];
static struct watcher watchers[WATCHERS];
static _Atomic uint32_t left;
static uint64_t seed;

static uint64_t number_from(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);

    return text ? strtoull(text, NULL, 0) : usual;
}

/* ---- the server ---- */

static const char *mode;

static int begin_server(const char *directory_delegations)
{
    static char local[128], setting[64];
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash",
                                          "--export", local,
                                          "--grace",  "0",
                                          "--set",    "nfs.local_delegations=all",
                                          "--set",    "nfs.callback_backoff_ms=10",
                                          "--set",    "nfs.callback_backoff_max_ms=100",
                                          "--set",    setting,
                                          NULL};

    mode = directory_delegations;
    (void)snprintf(setting, sizeof(setting), "nfs.directory_delegations=%s", mode);
    if (!test_server_init(&script_server) || chmod(script_server.data, 0777) != 0)
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void make_dirs(const char *export)
{
    seed = number_from("MAINSTAY_SEED", (uint64_t)time(NULL));
    print_message("  seed %llu\n", (unsigned long long)seed);
    for (uint32_t i = 0; i < WATCHER_DIRS; i++)
        dirs[i] = script_dir(export);
}

/* ---- a phase ---- */

enum disturbance {
    UNDISTURBED,
    CUTS,
    RESTART,
};

/* Threads read it while the server is started again, which writes the same into its own. */
static char target[sizeof(script_server.target)];

static void restart(void)
{
    test_server_kill(&script_server);
    assert_true(test_server_start(&script_server, NULL));
}

static void phase(uint32_t number, uint32_t changes, enum disturbance disturbance)
{
    left = changes;
    for (uint32_t i = 0; i < WATCHERS; i++) {
        watchers[i].cutting = disturbance == CUTS;
        watchers[i].quiet = false;
    }
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i,
                                     .target = target,
                                     .fhs = dirs,
                                     .dir_count = WATCHER_DIRS,
                                     .seed = seed + number,
                                     .left = &left};
        writer_start(&writers[i]);
    }
    if (disturbance == RESTART) {
        wait_until((int32_t)left <= (int32_t)changes / 2);
        restart();
    }
    for (uint32_t i = 0; i < WRITERS; i++)
        writer_join(&writers[i]);
    watcher_silence(&watchers[0]);
    for (uint32_t i = 0; i < WATCHERS; i++)
        watchers[i].to_compare++;
    for (uint32_t i = 0; i < WATCHERS; i++)
        wait_until(watchers[i].compared == watchers[i].to_compare);
    for (uint32_t i = 0; i < WATCHERS; i++)
        assert_false(watchers[i].differs);
}

static void begin_watchers(void)
{
    memcpy(target, script_server.target, sizeof(target));
    for (uint32_t i = 0; i < WATCHERS; i++) {
        struct watcher *w = &watchers[i];

        memset(w, 0, sizeof(*w));
        w->number = i;
        w->target = target;
        w->fhs = dirs;
        w->dir_count = WATCHER_DIRS;
        w->seed = seed;
        w->writes = i == 0; /* the first one writes, too */
        w->quiet = true;
        watcher_start(w);
    }
    for (uint32_t i = 0; i < WATCHERS; i++)
        assert_true(watcher_compare(&watchers[i]));
}

static void print_figures(const struct watcher *w)
{
    const struct watcher_figures *f = &w->figures;

    print_message("  watcher %u: %llu told (%llu repeated, %llu unknown), %u of %u kept, %u read, "
                  "%u refused, %u cut, %u reconnected, %u sessions;",
                  w->number, (unsigned long long)f->told, (unsigned long long)f->repeated,
                  (unsigned long long)f->unknown, f->kept, f->compared, f->fills, f->refusals,
                  f->cuts, f->reconnects, f->sessions);
    if (w->writes)
        print_message(" %u own changes, %u times in doubt;", f->own_changes, f->doubts);
    for (uint32_t i = 0; i < WATCHER_LOSSES; i++)
        if (f->losses[i])
            print_message(" %s=%u", client_dir_loss_name(i), f->losses[i]);
    print_message("\n");
}

static void end_watchers(bool notified)
{
    for (uint32_t i = 0; i < WATCHERS; i++) {
        struct watcher *w = &watchers[i];

        watcher_stop(w);
        print_figures(w);
        if (w->callbacks->trouble_count > 0)
            print_error("%s\n", w->callbacks->trouble);
        assert_int_equal(w->callbacks->trouble_count, 0);
        assert_int_equal(w->told_of_entries, notified);
        assert_true(w->figures.compared > 0);
        if (notified)
            assert_true(w->figures.kept * 2 > w->figures.compared);
        watcher_free(w);
    }
}

static void run_model(const char *export, uint32_t changes, bool restarts)
{
    const bool notified = strcmp(mode, "notify") == 0;

    make_dirs(export);
    begin_watchers();
    for (uint32_t i = 0; i < PHASES; i++)
        phase(i, changes / PHASES, restarts && i % 5 == 4 ? RESTART : i % 2 ? CUTS : UNDISTURBED);
    end_watchers(notified);
}

/* ---- tests ---- */

static void test_recalled(void **state)
{
    run_model(*state, RECALLED_CHANGES, *state == script_local);
}

static void test_notified(void **state)
{
    uint64_t changes = number_from("MAINSTAY_CHANGES", CHANGES / SLOWNESS);

    run_model(*state, (uint32_t)changes, *state == script_local);
}

static int set_up_recall(void **state)
{
    (void)state;
    return begin_server("recall");
}

static int set_up_notify(void **state)
{
    (void)state;
    return begin_server("notify");
}

int main(void)
{
    const struct CMUnitTest recalled[] = {ON_BOTH(test_recalled)};
    const struct CMUnitTest notified[] = {ON_BOTH(test_notified)};
    int status = test_group_run_fixtures(recalled, set_up_recall, script_teardown);

    return status ? status : test_group_run_fixtures(notified, set_up_notify, script_teardown);
}
