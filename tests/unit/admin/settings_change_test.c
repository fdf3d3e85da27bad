/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of settings by the server itself: several at once, all or none of them, with revisions.
 * Which requests are refused, and that SIGKILL in the middle of a change leaves it whole or undone.
 */
#include "settings_fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/disk.h"

#define PARK "nfs.recall_park_ms"
#define LEASE "nfs.lease_s"
#define TIMEOUT "nfs.callback_timeout_ms"
#define BACKOFF "nfs.callback_backoff_ms"
#define BACKOFF_MAX "nfs.callback_backoff_max_ms"

enum {
    KILLS = 60,
    KILL_US_MAX = 12000, /* a change takes about half of it */
    CHANGES_MAX = 4
};

static uint64_t revision;

static enum settings_status change(uint64_t expected, const struct settings_change *changes,
                                   uint32_t count)
{
    const struct settings_request request = {changes, count, expected};

    settings_error[0] = '\0';
    return settings_change(settings, &request, &revision, settings_error, sizeof(settings_error));
}

static void change_one(const char *name, const char *value)
{
    if (change(SETTINGS_REVISION_ANY, &(struct settings_change){name, value}, 1) != SETTINGS_OK)
        fail_msg("%s", settings_error);
}

static struct setting_state state_of(enum setting_id id)
{
    struct setting_state states[SETTING_COUNT];

    (void)settings_list(settings, states);
    return states[id];
}

static uint64_t revision_of_all(void)
{
    struct setting_state states[SETTING_COUNT];

    return settings_list(settings, states);
}

/* S20-51: stored, in force at once and after a start, under one revision. */
static void several_at_once(void **unused)
{
    static const struct settings_change changes[] = {
        {MIN_MINOR, "1"}, {MAX_MINOR, "1"}, {PARK, "7"}};

    (void)unused;
    assert_int_equal(change(0, changes, 3), SETTINGS_OK);
    assert_int_equal(revision, 1);
    assert_int_equal(obeyed_count, 2);
    for (int start = 0; start < 2; start++) {
        expect_range(1, 1);
        expect_origin(SETTING_RECALL_PARK_MS, SETTING_STORED);
        assert_string_equal(state_of(SETTING_RECALL_PARK_MS).value, "7");
        assert_int_equal(state_of(SETTING_MIN_MINOR_VERSION).revision, 1);
        assert_int_equal(state_of(SETTING_RECALL_PARK_MS).revision, 1);
        assert_int_equal(state_of(SETTING_DELEGATIONS).revision, 0);
        assert_int_equal(revision_of_all(), 1);
        start_with(NOT_GIVEN, NOT_GIVEN);
    }
}

/* The values are checked after all changes: one after the other they would be refused. */
static void checked_as_a_whole(void **unused)
{
    static const struct settings_change up[] = {{MIN_MINOR, "2"}, {MAX_MINOR, "2"}};
    static const struct settings_change down[] = {{MIN_MINOR, "0"}, {MAX_MINOR, "0"}};
    static const struct settings_change crossed[] = {{PARK, "7"}, {MIN_MINOR, "2"}};

    (void)unused;
    assert_int_equal(change(0, up, 2), SETTINGS_OK);
    assert_int_equal(change(1, down, 2), SETTINGS_OK);
    expect_range(0, 0);
    assert_int_equal(change(2, crossed, 2), SETTINGS_REFUSED);
    expect_error("nfs.min_minor_version 2 (stored) is above nfs.max_minor_version 0 (stored)");
    expect_range(0, 0);
    assert_int_equal(state_of(SETTING_RECALL_PARK_MS).origin, SETTING_DEFAULT);
    assert_int_equal(revision_of_all(), 2);
}

/* Of two requests that are based on the same revision, the second is refused. */
static void conflicts(void **unused)
{
    static const struct settings_change park = {PARK, "7"};

    (void)unused;
    change_one(MIN_MINOR, "1");
    assert_int_equal(change(0, &park, 1), SETTINGS_CONFLICT);
    expect_error("the settings are at revision 1, not 0");
    assert_int_equal(change(2, &park, 1), SETTINGS_CONFLICT);
    assert_int_equal(change(1, &park, 1), SETTINGS_OK);
    /* Another process counts, too, before this one has read what it stored. */
    store_one(MAX_MINOR, "1");
    assert_int_equal(change(2, &park, 1), SETTINGS_CONFLICT);
    expect_range(1, 2);
    assert_int_equal(revision_of_all(), 2);
    assert_int_equal(change(3, &park, 1), SETTINGS_OK);
    assert_int_equal(revision, 4);
    expect_range(1, 1);
}

/* Unset: as if it had never been set.  The revision goes on. */
static void unset(void **unused)
{
    (void)unused;
    change_one(MIN_MINOR, "1");
    change_one(MIN_MINOR, NULL);
    assert_int_equal(revision, 2);
    for (int start = 0; start < 2; start++) {
        expect_range(0, 2);
        expect_origin(SETTING_MIN_MINOR_VERSION, SETTING_DEFAULT);
        assert_string_equal(state_of(SETTING_MIN_MINOR_VERSION).stored, "");
        assert_int_equal(revision_of_all(), 2);
        start_with(NOT_GIVEN, NOT_GIVEN);
    }
}

/* S20-51: a change overrides the option of the start until the next start with that option, and
 * the list shows both values. */
static void option_and_restart(void **unused)
{
    struct setting_state state;

    (void)unused;
    start_with(NOT_GIVEN, 1);
    change_one(MAX_MINOR, "2");
    expect_range(0, 2);
    state = state_of(SETTING_MAX_MINOR_VERSION);
    assert_string_equal(state.value, "2");
    assert_string_equal(state.stored, "2");
    assert_string_equal(state.option, "1");
    assert_string_equal(state.restart, "1");
    assert_string_equal(state_of(SETTING_MIN_MINOR_VERSION).option, "");
    assert_string_equal(state_of(SETTING_MIN_MINOR_VERSION).restart, "0");
    start_with(NOT_GIVEN, 1);
    expect_range(0, 1);
    expect_origin(SETTING_MAX_MINOR_VERSION, SETTING_OPTION);
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(0, 2);
    /* Unset while an option is given: the default now, the option after a restart. */
    start_with(NOT_GIVEN, 1);
    change_one(MAX_MINOR, NULL);
    expect_range(0, 2);
    assert_string_equal(state_of(SETTING_MAX_MINOR_VERSION).restart, "1");
}

/* Values that are consistent now, but not with the options of the next start. */
static void would_not_start_again(void **unused)
{
    static const struct settings_change both[] = {{MIN_MINOR, "2"}, {MAX_MINOR, "2"}};

    (void)unused;
    start_with(NOT_GIVEN, 1);
    assert_int_equal(change(SETTINGS_REVISION_ANY, both, 2), SETTINGS_REFUSED);
    expect_error("nfs.min_minor_version 2 (stored) is above nfs.max_minor_version 1 (option): "
                 "the server could not start again with the same options");
    expect_range(0, 1);
    start_with(NOT_GIVEN, 1);
    expect_range(0, 1);
    /* Another process may do it all the same, and stops no other change. */
    assert_int_equal(set_both("2", "2"), SETTINGS_OK);
    expect_range(2, 2);
    change_one(PARK, "7");
}

/* What counts at a start only: stored, listed, and in force from the next one. */
static void at_the_next_start(void **unused)
{
    struct setting_state state;

    (void)unused;
    change_one(LEASE, "62");
    assert_int_equal(obeyed_count, 1);
    state = state_of(SETTING_LEASE_S);
    assert_string_equal(state.value, "90");
    assert_int_equal(state.origin, SETTING_DEFAULT);
    assert_string_equal(state.stored, "62");
    assert_string_equal(state.restart, "62");
    /* Both leases bound the waits for clients: that of today, and that of the next start. */
    assert_int_equal(change(1, &(struct settings_change){TIMEOUT, "70000"}, 1), SETTINGS_REFUSED);
    expect_error("must take less than the lease, 62000 ms: the server could not start again");
    change_one(LEASE, "3600");
    assert_int_equal(change(2, &(struct settings_change){TIMEOUT, "100000"}, 1), SETTINGS_REFUSED);
    expect_error("must take less than the lease, 90000 ms");
    start_with(NOT_GIVEN, NOT_GIVEN);
    assert_int_equal(obeyed.of[SETTING_LEASE_S].number, 3600);
    change_one(TIMEOUT, "100000");
}

#define LONG_TEXT                                                                                  \
    "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

/* Whatever is wrong, nothing changes, and the message names the setting and the accepted values. */
static const struct bad_request {
    struct settings_change changes[CHANGES_MAX];
    enum settings_status status;
    const char *error;
} bad_requests[] = {
    {{{"", "1"}}, SETTINGS_UNKNOWN, "there is no setting ''"},
    {{{"nfs.delegation", "1"}}, SETTINGS_UNKNOWN, "'nfs.delegation'; did you mean 'nfs.delegat"},
    {{{"nfs.recal_park_ms", "1"}}, SETTINGS_UNKNOWN, "did you mean 'nfs.recall_park_ms'?"},
    {{{"NFS.DELEGATIONS", "1"}}, SETTINGS_UNKNOWN, "there is no setting 'NFS.DELEGATIONS'"},
    {{{"nfs.delegations ", "1"}}, SETTINGS_UNKNOWN, "did you mean 'nfs.delegations'?"},
    {{{"nfs.delegations\n", "1"}}, SETTINGS_UNKNOWN, "there is no setting 'nfs.delegations?'"},
    {{{LONG_TEXT, "1"}}, SETTINGS_UNKNOWN, "there is no setting '1111"},
    {{{"nonsense", NULL}}, SETTINGS_UNKNOWN, "there is no setting 'nonsense'"},
    {{{PARK, ""}}, SETTINGS_REFUSED, PARK " wants 0 to 1000 milliseconds, not ''"},
    {{{PARK, "ten"}}, SETTINGS_REFUSED, "not 'ten'"},
    {{{PARK, "10ms"}}, SETTINGS_REFUSED, "not '10ms'"},
    {{{PARK, "-1"}}, SETTINGS_REFUSED, "not '-1'"},
    {{{PARK, "+1"}}, SETTINGS_REFUSED, "not '+1'"},
    {{{PARK, " 1"}}, SETTINGS_REFUSED, "not ' 1'"},
    {{{PARK, "1 "}}, SETTINGS_REFUSED, "not '1 '"},
    {{{PARK, "1.5"}}, SETTINGS_REFUSED, "not '1.5'"},
    {{{PARK, "0x10"}}, SETTINGS_REFUSED, "not '0x10'"},
    {{{PARK, "1001"}}, SETTINGS_REFUSED, "not '1001'"},
    {{{PARK, "18446744073709551617"}}, SETTINGS_REFUSED, "not '18446744073709551617'"},
    {{{PARK, "1\x1b[2J"}}, SETTINGS_REFUSED, "not '1?[2J'"},
    {{{PARK, "1\n2"}}, SETTINGS_REFUSED, "not '1?2'"},
    {{{PARK, LONG_TEXT}}, SETTINGS_REFUSED, "11111...'"},
    {{{BACKOFF, "9"}}, SETTINGS_REFUSED, BACKOFF " wants 10 to 600000 milliseconds, not '9'"},
    {{{"nfs.delegations", "3"}}, SETTINGS_REFUSED, "nfs.delegations wants none (0), read (1) or"},
    {{{LEASE, "0"}}, SETTINGS_REFUSED, LEASE " wants 1 to 3600 seconds, not '0'"},
    {{{LEASE, "10"}, {TIMEOUT, "20000"}}, SETTINGS_REFUSED, "the lease, 10000 ms"},
    {{{"log.level", "INFO"}}, SETTINGS_REFUSED, "log.level wants error (0), warn (1), info (2) or"},
    {{{"nfs.delegations", "all"}}, SETTINGS_REFUSED, "not 'all'"},
    {{{PARK, "1"}, {PARK, "1"}}, SETTINGS_REFUSED, PARK " is given twice"},
    {{{PARK, "1"}, {PARK, NULL}}, SETTINGS_REFUSED, PARK " is given twice"},
    {{{MIN_MINOR, "2"}, {MAX_MINOR, "1"}}, SETTINGS_REFUSED, MIN_MINOR " 2 (stored) is above"},
    {{{BACKOFF, "30"}, {BACKOFF_MAX, "20"}}, SETTINGS_REFUSED, BACKOFF " 30 (stored) is above"},
    {{{PARK, "1"}, {"nonsense", "1"}}, SETTINGS_UNKNOWN, "there is no setting 'nonsense'"},
    {{{"nonsense", "1"}, {PARK, "1"}}, SETTINGS_UNKNOWN, "there is no setting 'nonsense'"},
    {{{PARK, "1"}, {MIN_MINOR, "3"}}, SETTINGS_REFUSED, MIN_MINOR " wants 0, 1 or 2, not '3'"},
    {{{NULL, NULL}}, SETTINGS_REFUSED, "the change names no setting"},
};

static uint32_t count_of(const struct bad_request *bad)
{
    uint32_t count = 0;

    while (count < CHANGES_MAX && bad->changes[count].name)
        count++;
    return count;
}

static void bad_input(void **unused)
{
    (void)unused;
    change_one(MIN_MINOR, "1");
    for (size_t i = 0; i < ARRAY_SIZE(bad_requests); i++) {
        const struct bad_request *bad = &bad_requests[i];

        if (change(1, bad->changes, count_of(bad)) != bad->status)
            fail_msg("case %zu: %s", i, settings_error);
        expect_error(bad->error);
        for (const char *c = settings_error; *c; c++)
            assert_true(*c >= ' ' && *c < 0x7f);
        assert_int_equal(obeyed_count, 2);
        assert_int_equal(revision_of_all(), 1);
    }
    start_with(NOT_GIVEN, NOT_GIVEN);
    expect_range(1, 2);
    expect_origin(SETTING_RECALL_PARK_MS, SETTING_DEFAULT);
    assert_int_equal(revision_of_all(), 1);
}

/* The disk is full; the last revision is used up. */
static void not_stored(void **unused)
{
    static const struct settings_change park = {PARK, "7"};

    (void)unused;
    change_one(MIN_MINOR, "1");
    disk_full(true);
    assert_int_equal(change(1, &park, 1), SETTINGS_UNREADABLE);
    disk_full(false);
    expect_error("settings.db: ");
    expect_origin(SETTING_RECALL_PARK_MS, SETTING_DEFAULT);
    assert_int_equal(revision_of_all(), 1);
    assert_int_equal(change(1, &park, 1), SETTINGS_OK);
    sql("UPDATE setting SET revision = 1 << 53");
    assert_int_equal(change(SETTINGS_REVISION_ANY, &park, 1), SETTINGS_UNREADABLE);
    expect_error("there are no revisions left");
}

/* Rows with unknown names stay, and their revisions count. */
static void unknown_rows_stay(void **unused)
{
    (void)unused;
    store_one("nfs.of_the_future", "x");
    change_one(MIN_MINOR, "1");
    assert_int_equal(revision, 2);
    sql("INSERT INTO setting SELECT 'seen', value, revision FROM setting "
        "WHERE name = 'nfs.of_the_future' AND revision = 1");
    assert_int_equal(revision_of_all(), 2);
}

/* ---- SIGKILL in the middle of changes ---- */

/* Change three settings together until the parent kills the process.  Each revision is reported
 * after its change has succeeded. */
static void change_for_ever(int out)
{
    static const char *const values[] = {"0", "1", "2"};

    start_with(NOT_GIVEN, NOT_GIVEN);
    for (unsigned i = 0;; i++) {
        const char *value = values[i % ARRAY_SIZE(values)];
        const struct settings_change changes[] = {
            {MIN_MINOR, value}, {MAX_MINOR, value}, {PARK, value}};

        if (change(SETTINGS_REVISION_ANY, changes, 3) != SETTINGS_OK ||
            write(out, &revision, sizeof(revision)) != sizeof(revision))
            _exit(1);
    }
}

static uint64_t last_told(int in)
{
    uint64_t told, last = 0;

    while (read(in, &told, sizeof(told)) == sizeof(told))
        last = told;
    return last;
}

/* The last revision that was confirmed before the end; 0: none was. */
static uint64_t change_until_killed(unsigned after_us)
{
    uint64_t first, last;
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0)
        change_for_ever(ends[1]);
    close(ends[1]);
    assert_int_equal(read(ends[0], &first, sizeof(first)), sizeof(first));
    (void)usleep(after_us); /* any moment will do */
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    last = last_told(ends[0]);
    close(ends[0]);
    return last > first ? last : first;
}

static void expect_whole(uint64_t confirmed)
{
    struct setting_state states[SETTING_COUNT];
    uint64_t stored = settings_list(settings, states);
    const struct setting_state *min = &states[SETTING_MIN_MINOR_VERSION];
    const struct setting_state *others[] = {&states[SETTING_MAX_MINOR_VERSION],
                                            &states[SETTING_RECALL_PARK_MS]};

    assert_in_range(stored, confirmed, confirmed + 1);
    assert_int_equal(min->revision, stored);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_string_equal(others[i]->value, min->value);
        assert_int_equal(others[i]->revision, stored);
    }
}

static void killed(void **unused)
{
    unsigned in_the_middle = 0;

    (void)unused;
    settings_close(settings);
    settings = NULL;
    for (unsigned i = 0; i < KILLS; i++) {
        uint64_t confirmed = change_until_killed(i * (KILL_US_MAX / KILLS));

        in_the_middle += faccessat(settings_dir_fd, "settings.db-wal", F_OK, 0) == 0;
        start_with(NOT_GIVEN, NOT_GIVEN);
        expect_whole(confirmed);
        settings_close(settings);
        settings = NULL;
    }
    assert_true(in_the_middle > 0); /* the log is there only while the file is open */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, settings_set_up, settings_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_at_once),
        TEST(checked_as_a_whole),
        TEST(conflicts),
        TEST(unset),
        TEST(option_and_restart),
        TEST(would_not_start_again),
        TEST(at_the_next_start),
        TEST(bad_input),
        TEST(not_stored),
        TEST(unknown_rows_stay),
        TEST(killed),
    };

    return test_group_run(tests);
}
