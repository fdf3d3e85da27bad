/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of callers, and for how long: with a database of users that the tests fill,
 * break and let hang.
 */
#include "identity/identity_cache.h"

#include <ctype.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/test.h"
#include "lib/wait.h"

enum {
    TTL_S = 600,
    EVERYBODY = 99, /* the database hangs for all */
    NAMES = 98,     /* it hangs for names of owners */
    THREADS = 4,
    ROUNDS = 2000,
    SETUPS = 1000,
    STRANGERS = 1 << 20, /* nobody knows users from here on */
    USERS = LIMIT_IDENTITIES / 2
};

/* The database. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects all below */
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static uint32_t asked; /* questions that have come */
static uint32_t group; /* of everybody */
static bool broken;    /* it fails */
static uint32_t hangs; /* the user for whom it does */

static struct identity_cache *cache;

static enum identity_found database_ask(enum identity_question question, uint32_t id,
                                        const char *name, struct identity **answer)
{
    enum identity_found found = IDENTITY_FOUND;
    uint32_t then;

    pthread_mutex_lock(&lock);
    asked++;
    then = group; /* what it says is of the time of the question */
    while (hangs == EVERYBODY || (hangs != 0 && hangs == id) ||
           (hangs == NAMES && question == IDENTITY_ASK_USER_ID))
        pthread_cond_wait(&released, &lock);
    if (broken)
        found = IDENTITY_FAILED;
    else if (id == 404 || id >= STRANGERS ||
             (question == IDENTITY_ASK_PRINCIPAL && strncmp(name, "alice@", 6) != 0))
        found = IDENTITY_UNKNOWN;
    else
        *answer = identity_create(IDENTITY_FROM_DATABASE,
                                  question == IDENTITY_ASK_UID ? id
                                  : strcmp(name, "root") == 0  ? 0
                                                               : 7,
                                  100, "alice", &then, 1);
    pthread_mutex_unlock(&lock);
    return found;
}

static const struct identity_source database = {.ask = database_ask};

static uint32_t asked_now(void)
{
    uint32_t now;

    pthread_mutex_lock(&lock);
    now = asked;
    pthread_mutex_unlock(&lock);
    return now;
}

static void hang_for(uint32_t uid)
{
    pthread_mutex_lock(&lock);
    hangs = uid;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
}

static void group_set(uint32_t gid, bool breaks)
{
    pthread_mutex_lock(&lock);
    group = gid;
    broken = breaks;
    pthread_mutex_unlock(&lock);
}

static void cache_make(const char *map, enum identity_machine machine)
{
    const struct identity_config config = {
        .map = map,
        .domain = "lab.example",
        .realms = {"LAB.EXAMPLE"},
        .machine = machine,
        .ttl_s = TTL_S,
        .source = &database,
    };
    char error[IDENTITY_MAP_ERROR_BYTES] = "";

    identity_cache_destroy(cache);
    cache = identity_cache_create(&config, error);
    if (!cache)
        fail_msg("%s", error);
}

static int set_up(void **unused)
{
    (void)unused;
    hang_for(0);
    group_set(1000, false);
    cache_make(NULL, IDENTITY_MACHINE_ROOT);
    pthread_mutex_lock(&lock);
    asked = 0;
    pthread_mutex_unlock(&lock);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    hang_for(0);
    identity_cache_destroy(cache);
    cache = NULL;
    return 0;
}

/* The first of the groups; 0: nobody; 1: no answer. */
static uint32_t group_of(uint32_t uid, enum identity_wait wait)
{
    struct identity *identity = identity_of_uid(cache, uid, wait);
    uint32_t gid = !identity ? 1 : identity->origin == IDENTITY_FROM_NOBODY ? 0 : identity->gids[0];

    identity_put(identity);
    return gid;
}

static uint32_t uid_of(const char *name, const char *key, bool is_machine)
{
    const struct identity_principal principal = {
        .key = key, .key_len = (uint32_t)strlen(key), .name = name, .is_machine = is_machine};
    struct identity *identity = identity_of_principal(cache, &principal, IDENTITY_WAIT);
    uint32_t uid = identity ? identity->uid : UINT32_MAX;

    identity_put(identity);
    return uid;
}

static struct identity_stats stats(void)
{
    struct identity_stats now;

    identity_stats_read(cache, &now);
    return now;
}

static void pass_s(int64_t s)
{
    clock_advance_ns(s * NSEC_PER_SEC);
}

static void answers_are_remembered(void **unused)
{
    (void)unused;
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    group_set(2000, false);
    pass_s(TTL_S / 2);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    assert_int_equal(group_of(5, IDENTITY_NO_WAIT), 1000);
    assert_int_equal(asked_now(), 1);
    assert_int_equal(stats().lookups, 3);
    assert_int_equal(stats().cached, 2);
    assert_int_equal(group_of(6, IDENTITY_WAIT), 2000);
    assert_int_equal(stats().entries, 2);
}

/* A change of the database takes effect when the time is over, whoever waits for it. */
static void answers_end(void **unused)
{
    (void)unused;
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    group_set(2000, false);
    pass_s(TTL_S);
    assert_int_equal(group_of(5, IDENTITY_NO_WAIT), 1);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 2000);
}

/* Who is seen often never waits. */
static void refreshed_before_they_end(void **unused)
{
    (void)unused;
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    group_set(2000, false);
    pass_s(TTL_S / 4 * 3);
    (void)group_of(5, IDENTITY_NO_WAIT);
    wait_until(group_of(5, IDENTITY_NO_WAIT) == 2000);
    assert_int_equal(asked_now(), 2);
    assert_int_equal(stats().refreshed, 1);
    pass_s(TTL_S / 2);
    assert_int_equal(group_of(5, IDENTITY_NO_WAIT), 2000);
}

static void unknown_is_remembered_briefly(void **unused)
{
    (void)unused;
    assert_int_equal(group_of(404, IDENTITY_WAIT), 0);
    pass_s(LIMIT_IDENTITY_UNKNOWN_S - 1);
    assert_int_equal(group_of(404, IDENTITY_NO_WAIT), 0);
    assert_int_equal(asked_now(), 1);
    pass_s(1);
    assert_int_equal(group_of(404, IDENTITY_WAIT), 0);
    assert_int_equal(asked_now(), 2);
    assert_int_equal(stats().unknown, 2);
}

/* Users stay who they are while a directory service is away, but not for ever. */
static void a_failure_keeps_the_old(void **unused)
{
    (void)unused;
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    group_set(2000, true);
    pass_s(TTL_S);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    assert_int_equal(stats().failures, 1);
    assert_int_equal(group_of(6, IDENTITY_WAIT), 1);
    pass_s(LIMIT_IDENTITY_STALE_S);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1);
    group_set(2000, false);
    pass_s(LIMIT_IDENTITY_WAIT_S);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 2000);
}

/* One user for whom the database hangs stops no other, and is not waited for again and again. */
static void one_that_hangs_stops_nobody(void **unused)
{
    (void)unused;
    hang_for(13);
    assert_int_equal(group_of(13, IDENTITY_NO_WAIT), 1);
    wait_until(asked_now() == 1);
    assert_int_equal(group_of(14, IDENTITY_WAIT), 1000);
    pass_s(LIMIT_IDENTITY_WAIT_S);
    assert_int_equal(group_of(13, IDENTITY_WAIT), 1); /* at once: it has been asked for long */
    assert_int_equal(stats().asking, 1);
    hang_for(0);
    wait_until(group_of(13, IDENTITY_NO_WAIT) == 1000);
    assert_int_equal(asked_now(), 2);
}

/* A request waits for so long and no longer. */
static void a_wait_ends(void **unused)
{
    (void)unused;
    hang_for(13);
    assert_int_equal(group_of(13, IDENTITY_WAIT), 1);
    assert_int_equal(stats().late, 1);
    assert_int_equal(group_of(14, IDENTITY_WAIT), 1000);
}

static void the_queue_is_bounded(void **unused)
{
    uint32_t uid = 1000;

    (void)unused;
    hang_for(EVERYBODY);
    while (uid < 1000 + LIMIT_IDENTITY_THREADS)
        assert_int_equal(group_of(uid++, IDENTITY_NO_WAIT), 1);
    wait_until(asked_now() == LIMIT_IDENTITY_THREADS);
    for (uint32_t i = 0; i < LIMIT_IDENTITY_QUESTIONS; i++)
        assert_int_equal(group_of(uid++, IDENTITY_NO_WAIT), 1);
    assert_int_equal(stats().refused, 0);
    assert_int_equal(group_of(uid, IDENTITY_WAIT), 1); /* without a wait */
    assert_int_equal(stats().refused, 1);
    assert_int_equal(stats().asking, LIMIT_IDENTITY_THREADS + LIMIT_IDENTITY_QUESTIONS);
    hang_for(0);
    wait_until(stats().asking == 0);
    pass_s(LIMIT_IDENTITY_WAIT_S);
    assert_int_equal(group_of(uid, IDENTITY_WAIT), 1000);
}

static void questions_are_bounded(void **unused)
{
    (void)unused;
    hang_for(13);
    assert_int_equal(group_of(13, IDENTITY_NO_WAIT), 1);
    wait_until(asked_now() == 1);
    for (uint32_t uid = 1000; uid < 1000 + 2 * LIMIT_IDENTITIES; uid++)
        (void)group_of(uid, IDENTITY_NO_WAIT);
    assert_true(stats().entries <= LIMIT_IDENTITIES + LIMIT_IDENTITIES_UNKNOWN);
    wait_until(stats().asking == 1);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    assert_true(stats().entries <= LIMIT_IDENTITIES + LIMIT_IDENTITIES_UNKNOWN);
}

/* As many users as there is room for: the least recently used ones give way. */
static void users_are_bounded(void **unused)
{
    (void)unused;
    for (uint32_t uid = 1000; uid < 1000 + 2 * LIMIT_IDENTITIES; uid++) {
        assert_int_equal(group_of(uid, IDENTITY_WAIT), 1000);
        assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    }
    assert_int_equal(asked_now(), 2 * LIMIT_IDENTITIES + 1); /* the one that is used stays */
    assert_int_equal(stats().entries, LIMIT_IDENTITIES);
    assert_int_equal(group_of(1000, IDENTITY_NO_WAIT), 1);
}

/* Fill the room of what nobody knows, several times. */
static void strangers_come(uint32_t *uid)
{
    const uint64_t before = stats().unknown;

    while (stats().unknown < before + 4 * LIMIT_IDENTITIES_UNKNOWN)
        (void)group_of((*uid)++, IDENTITY_NO_WAIT);
    wait_until(stats().asking == 0);
}

/* Whoever makes up users displaces nobody's answer, be they unknown or not even asked for. */
static void strangers_displace_nobody(void **unused)
{
    uint32_t uid = STRANGERS;

    (void)unused;
    for (uint32_t user = 0; user < USERS; user++)
        assert_int_equal(group_of(1000 + user, IDENTITY_WAIT), 1000);
    strangers_come(&uid);
    assert_true(stats().entries <= USERS + LIMIT_IDENTITIES_UNKNOWN);
    for (uint32_t user = 0; user < USERS; user++)
        assert_int_equal(group_of(1000 + user, IDENTITY_NO_WAIT), 1000);
    wait_until(stats().asking == 0);
    hang_for(EVERYBODY);
    for (uint32_t i = 0; i < 2 * LIMIT_IDENTITIES; i++)
        (void)group_of(uid++, IDENTITY_NO_WAIT);
    assert_true(stats().refused > 0);
    for (uint32_t user = 0; user < USERS; user++)
        assert_int_equal(group_of(1000 + user, IDENTITY_NO_WAIT), 1000);
}

/* A user whom nobody knows, but who is there, is not asked for again for each stranger. */
static void strangers_displace_those_unused(void **unused)
{
    uint32_t uid = STRANGERS;

    (void)unused;
    assert_int_equal(group_of(404, IDENTITY_WAIT), 0);
    for (uint32_t i = 0; i < 2 * LIMIT_IDENTITIES_UNKNOWN; i++) {
        assert_int_equal(group_of(uid++, IDENTITY_WAIT), 0);
        assert_int_equal(group_of(404, IDENTITY_NO_WAIT), 0);
    }
    assert_int_equal(stats().entries, LIMIT_IDENTITIES_UNKNOWN);
}

/* Other spellings of a name, which some databases know, are made up like other names. */
static void spellings_displace_nobody(void **unused)
{
    char name[16] = "alice";

    (void)unused;
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    for (uint32_t bits = 0; bits < 1u << 5; bits++) {
        for (unsigned i = 0; i < 5; i++)
            name[i] = (char)(bits & 1u << i ? toupper("alice"[i]) : "alice"[i]);
        identity_put(identity_ask(cache, IDENTITY_ASK_USER_ID, 0, name, IDENTITY_WAIT));
    }
    for (uint32_t uid = 1000; uid < 1000 + 2 * LIMIT_IDENTITIES; uid++)
        assert_int_equal(group_of(uid, IDENTITY_WAIT), 1000);
    assert_int_equal(stats().entries, LIMIT_IDENTITIES + (1u << 5) - 1);
}

static void map_write(const char *path, const char *text)
{
    char fresh[64];
    FILE *file;

    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    file = fopen(fresh, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, path), 0);
}

/* The map comes first; its root is root, but a rule for a realm makes nobody root. */
static void the_map_comes_first(void **unused)
{
    char path[] = "/tmp/identity_cache.XXXXXX";
    const int fd = mkstemp(path);

    (void)unused;
    close(fd);
    map_write(path, "alice@LAB.EXAMPLE 70:70\nroot@LAB.EXAMPLE 0:0\n*@P.EXAMPLE account\n"
                    "nfs/fixed@LAB.EXAMPLE 71:71\nadmin@P.EXAMPLE account root\n");
    cache_make(path, IDENTITY_MACHINE_ROOT);
    hang_for(13);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 70);
    assert_int_equal(uid_of("root@LAB.EXAMPLE", "r", false), 0);
    assert_int_equal(uid_of("nfs/fixed@LAB.EXAMPLE", "n", true), 71);
    assert_int_equal(asked_now(), 0);
    assert_int_equal(uid_of("carol@P.EXAMPLE", "c", false), 7);
    assert_int_equal(uid_of("root@P.EXAMPLE", "p", false), 65534);
    assert_int_equal(uid_of("admin@P.EXAMPLE", "q", false), 0);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    map_write(path, "alice@LAB.EXAMPLE 72:72\n");
    identity_cache_reload(cache, false);
    wait_until(uid_of("alice@LAB.EXAMPLE", "a", false) == 72);
    assert_int_equal(stats().map_reloads, 1);
    map_write(path, "alice@LAB.EXAMPLE x\n");
    identity_cache_reload(cache, false);
    wait_until(stats().map_failures == 1);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 72);
    unlink(path);
    identity_cache_reload(cache, true);
    wait_until(stats().map_failures == 2);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 72);
}

/* Before its time is over, too: the database knows neither of these two. */
static void what_is_known_at_once_is_never_asked(void **unused)
{
    char path[] = "/tmp/identity_cache.XXXXXX";
    const int fd = mkstemp(path);

    (void)unused;
    close(fd);
    map_write(path, "far@LAB.EXAMPLE 1048576:70,71\n");
    cache_make(path, IDENTITY_MACHINE_ROOT);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(group_of(STRANGERS, IDENTITY_NO_WAIT), 71);
        assert_int_equal(uid_of("host/c.lab.example@LAB.EXAMPLE", "1", true), 0);
        wait_until(stats().asking == 0);
        assert_int_equal(asked_now(), 0);
        pass_s(TTL_S / 4);
    }
    assert_int_equal(stats().refreshed, 0);
    unlink(path);
}

/* Whoever asks for the names of many owners keeps nobody from being served. */
static void callers_come_first(void **unused)
{
    char name[16];

    (void)unused;
    hang_for(NAMES);
    for (uint32_t i = 0; i < 2 * LIMIT_IDENTITY_THREADS; i++) {
        (void)snprintf(name, sizeof(name), "owner%u", i);
        assert_null(identity_ask(cache, IDENTITY_ASK_USER_ID, 0, name, IDENTITY_NO_WAIT));
    }
    wait_until_every(1, asked_now() >= LIMIT_IDENTITY_THREADS - 2);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "1", false), 7);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    hang_for(0);
}

/* A machine is root of its own realm alone; the whole exported name tells principals apart. */
static void machines_and_realms(void **unused)
{
    (void)unused;
    assert_int_equal(uid_of("host/c.lab.example@LAB.EXAMPLE", "1", true), 0);
    assert_int_equal(uid_of("nfs/c@EVIL.EXAMPLE", "2", true), 65534);
    assert_int_equal(uid_of("nfs/c@lab.example", "3", true), 65534);
    assert_int_equal(uid_of("nfs/c@EVIL\\@LAB.EXAMPLE", "3", true), 65534); /* that is a realm */
    assert_int_equal(asked_now(), 0);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "4", false), 7);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "5", false), 7);
    assert_int_equal(asked_now(), 2);
    assert_int_equal(uid_of("bob@LAB.EXAMPLE", "6", false), 65534);
    cache_make(NULL, IDENTITY_MACHINE_NOBODY);
    assert_int_equal(uid_of("host/c.lab.example@LAB.EXAMPLE", "1", true), 65534);
    cache_make(NULL, IDENTITY_MACHINE_MAP);
    assert_int_equal(uid_of("host/c.lab.example@LAB.EXAMPLE", "1", true), 65534);
    assert_int_equal(asked_now(), 4);
}

static struct identity_setup *setup_make(const char *map, const char *realm, uint32_t ttl_s)
{
    const struct identity_config config = {
        .map = map,
        .domain = map ? "two.example" : NULL,
        .realms = {realm},
        .ttl_s = ttl_s,
    };
    char error[IDENTITY_MAP_ERROR_BYTES] = "";
    struct identity_setup *setup = identity_setup_create(&config, error);

    if (!setup)
        fail_msg("%s", error);
    return setup;
}

/* Another configuration counts from now on, also for what was remembered. */
static void another_setup(void **unused)
{
    char path[] = "/tmp/identity_setup.XXXXXX";
    struct identity *domain;

    (void)unused;
    close(mkstemp(path));
    map_write(path, "alice@LAB.EXAMPLE 70:70\n");
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 7);
    assert_int_equal(uid_of("host/c@TWO.EXAMPLE", "h", true), 65534);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 1000);
    group_set(2000, false);
    identity_cache_apply(cache, setup_make(path, "TWO.EXAMPLE", 2 * TTL_S));
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 70);
    assert_int_equal(uid_of("host/c@TWO.EXAMPLE", "h", true), 0);
    assert_int_equal(uid_of("host/c@LAB.EXAMPLE", "i", true), 65534);
    assert_int_equal(group_of(5, IDENTITY_WAIT), 2000);
    domain = identity_ask(cache, IDENTITY_ASK_DOMAIN, 0, "", IDENTITY_WAIT);
    assert_string_equal(domain->name, "two.example");
    identity_put(domain);
    group_set(1000, false);
    pass_s(TTL_S);
    assert_int_equal(group_of(5, IDENTITY_NO_WAIT), 2000);
    map_write(path, "alice@LAB.EXAMPLE 71:71\n"); /* this file is looked at now */
    identity_cache_reload(cache, false);
    wait_until(uid_of("alice@LAB.EXAMPLE", "a", false) == 71);
    identity_cache_realm_add(cache, "KEYTAB.EXAMPLE");
    assert_int_equal(uid_of("host/c@KEYTAB.EXAMPLE", "k", true), 65534);
    identity_cache_apply(cache, setup_make(NULL, NULL, TTL_S)); /* none is named any more */
    assert_int_equal(uid_of("host/c@KEYTAB.EXAMPLE", "k", true), 0);
    assert_int_equal(uid_of("host/c@TWO.EXAMPLE", "h", true), 65534);
    assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 7);
    unlink(path);
}

/* A map file that is being read when another one is named does not come back. */
static void setups_and_reloads(void **unused)
{
    char paths[2][32] = {"/tmp/identity_one.XXXXXX", "/tmp/identity_two.XXXXXX"};

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        close(mkstemp(paths[i]));
        map_write(paths[i], i == 0 ? "alice@LAB.EXAMPLE 70:70\n" : "alice@LAB.EXAMPLE 71:71\n");
    }
    for (unsigned i = 0; i < SETUPS; i++) {
        struct identity_setup *setup = setup_make(paths[i % 2], "LAB.EXAMPLE", TTL_S);

        identity_cache_reload(cache, true);
        for (unsigned k = 0; k < i % 16; k++)
            sched_yield();
        identity_cache_apply(cache, setup);
        for (unsigned k = 0; k < 8; k++)
            assert_int_equal(uid_of("alice@LAB.EXAMPLE", "a", false), 70 + i % 2);
    }
    unlink(paths[0]);
    unlink(paths[1]);
}

static void *ask_once(void *got)
{
    *(uint32_t *)got = group_of(13, IDENTITY_WAIT);
    return NULL;
}

/* All is forgotten while a question is being asked: the answer is for who asked before, and for
 * nobody after that. */
static void forgotten_meanwhile(void **unused)
{
    pthread_t thread;
    uint32_t got = 0;

    (void)unused;
    hang_for(13);
    assert_int_equal(pthread_create(&thread, NULL, ask_once, &got), 0);
    wait_until(asked_now() == 1);
    group_set(2000, false);
    identity_cache_apply(cache, setup_make(NULL, "LAB.EXAMPLE", TTL_S));
    hang_for(0);
    pthread_join(thread, NULL);
    if (stats().late == 0)
        assert_int_equal(got, 1000);
    wait_until(stats().asking == 0);
    assert_int_equal(group_of(13, IDENTITY_WAIT), 2000);
    assert_int_equal(asked_now(), 2);
}

/* What the new setup knows at once is not asked for.  No answer of the database takes its place. */
static void known_at_once_meanwhile(void **unused)
{
    char path[] = "/tmp/identity_cache.XXXXXX";
    const int fd = mkstemp(path);

    (void)unused;
    close(fd);
    map_write(path, "far@LAB.EXAMPLE 1048576:70,71\n");
    hang_for(EVERYBODY);
    for (uint32_t i = 0; i < LIMIT_IDENTITY_THREADS; i++)
        assert_int_equal(group_of(1 + i, IDENTITY_NO_WAIT), 1);
    wait_until(asked_now() == LIMIT_IDENTITY_THREADS);
    assert_int_equal(group_of(STRANGERS, IDENTITY_NO_WAIT), 1); /* it waits for a thread */
    identity_cache_apply(cache, setup_make(path, "LAB.EXAMPLE", TTL_S));
    assert_int_equal(group_of(STRANGERS, IDENTITY_NO_WAIT), 71);
    hang_for(0);
    wait_until(stats().asking == 0);
    assert_int_equal(group_of(STRANGERS, IDENTITY_NO_WAIT), 71);
    unlink(path);
}

static void *ask_often(void *arg)
{
    const uint32_t first = *(const uint32_t *)arg;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t gid = group_of(1 + (first + i) % 300, IDENTITY_WAIT);

        if (gid != 1 && gid != 1000 && gid != 2000)
            return arg;
        if (i % 500 == 0)
            identity_cache_reload(cache, true);
        if (i % 100 == 0)
            clock_advance_ns(TTL_S / 5 * NSEC_PER_SEC);
    }
    return NULL;
}

/* Many ask, while the answers age and are forgotten. */
static void many_at_once(void **unused)
{
    pthread_t threads[THREADS];
    uint32_t firsts[THREADS];
    void *failed;

    (void)unused;
    for (uint32_t i = 0; i < THREADS; i++) {
        firsts[i] = i + 1;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &firsts[i]), 0);
    }
    group_set(2000, false);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refreshed_before_they_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_is_remembered_briefly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_keeps_the_old, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_hangs_stops_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wait_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_queue_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(questions_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(users_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_displace_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_displace_those_unused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spellings_displace_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_map_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_known_at_once_is_never_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(machines_and_realms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(callers_come_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_setup, set_up, tear_down),
        cmocka_unit_test_setup_teardown(setups_and_reloads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgotten_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(known_at_once_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_at_once, set_up, tear_down),
    };

    clock_stop();
    return test_group_run(tests);
}
