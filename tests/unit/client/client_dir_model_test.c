/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory cache against a model of the server (SR-16): others and the client itself change the
 * directory at random; notifications wait and come in batches; replies to the client come late,
 * and so do the parts of its READDIR.  When all has come, and what was in doubt was looked up, the
 * cache equals the directory.  MAINSTAY_DIR_SEED repeats a run.
 */
#include "client/client_dir.h"

#include "lib/test.h"

#include <string.h>

#include "dir_feed.h"

enum {
    NAMES = 12,
    PENDING = 4096,
    STEPS = 60000,
    RUNS = 6,
};

struct event {
    enum notify_type4 type;
    int name, to; /* of a rename */
    uint64_t fileid, after;
    bool replaced, dropped;
};

/* The server: which file each name has, 0: none. */
static struct {
    uint64_t files[NAMES], last_fileid, change;
    bool delegated;
    uint32_t first, count; /* of events that wait */
    struct event events[PENDING];
    bool atomic; /* what it says in its cinfo */
} server;

/* The client, with at most one request of its own under way. */
static struct {
    struct client_dir dir;
    struct dir_feed feed;
    enum {
        IDLE,
        CHANGE_SENT,
        CHANGE_DONE,
        LOOKUP_SENT,
        LOOKUP_DONE
    } request;
    int gone, come; /* -1: none */
    bool ok;
    struct change_info4 cinfo;
    struct client_dir_entry *doubt;
    bool found;
    int next_name; /* to be read */
    uint64_t read[NAMES];
    int read_from, read_to; /* read by the server, and not yet here */
    uint64_t before;
} client;

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % below;
}

static const char *text(int name)
{
    static char texts[NAMES][16];

    if (name < 0)
        return NULL;
    (void)snprintf(texts[name], sizeof(texts[name]), "n%d", name);
    return texts[name];
}

/* ---- the server ---- */

static struct event *last_of(int name)
{
    for (uint32_t i = server.count; i > server.first; i--) {
        struct event *e = &server.events[(i - 1) % PENDING];

        if (!e->dropped && (e->name == name || (e->type == NOTIFY4_RENAME_ENTRY && e->to == name)))
            return e;
    }
    return NULL;
}

static void event_queue(enum notify_type4 type, int name, int to, bool replaced)
{
    struct event *last = last_of(name);

    if (!server.delegated)
        return;
    if (type == NOTIFY4_REMOVE_ENTRY && last && last->type == NOTIFY4_ADD_ENTRY && rnd(2))
        last->dropped = true;
    assert_true(server.count - server.first < PENDING);
    server.events[server.count++ % PENDING] =
        (struct event){.type = type,
                       .name = name,
                       .to = to,
                       .fileid = server.files[type == NOTIFY4_RENAME_ENTRY ? to : name],
                       .after = server.change,
                       .replaced = replaced};
}

/* CREATE (gone < 0), REMOVE (come < 0) or RENAME; by the holder itself: not told. */
static bool server_change(int gone, int come, bool own)
{
    bool replaced = come >= 0 && server.files[come] != 0;

    if (gone >= 0 && server.files[gone] == 0)
        return false;
    if (gone < 0 && replaced)
        return false;
    server.change++;
    if (come >= 0)
        server.files[come] = gone >= 0 ? server.files[gone] : ++server.last_fileid;
    if (gone >= 0)
        server.files[gone] = 0;
    if (own)
        return true;
    if (gone < 0)
        event_queue(NOTIFY4_ADD_ENTRY, come, -1, false);
    else if (come < 0)
        event_queue(NOTIFY4_REMOVE_ENTRY, gone, -1, false);
    else
        event_queue(NOTIFY4_RENAME_ENTRY, gone, come, replaced);
    return true;
}

static void pick(int *gone, int *come)
{
    *gone = rnd(3) ? (int)rnd(NAMES) : -1;
    *come = *gone < 0 || rnd(2) ? (int)rnd(NAMES) : -1;
    if (*gone == *come)
        *come = (*come + 1) % NAMES;
}

/* ---- notifications ---- */

static void event_feed(const struct event *e)
{
    int holder = e->type == NOTIFY4_RENAME_ENTRY ? e->to : e->name;
    bool there = server.files[holder] == e->fileid; /* attributes are read now */
    uint64_t fileid = there ? e->fileid : 0;

    if (e->type == NOTIFY4_ADD_ENTRY)
        dir_feed_come(&client.feed, text(e->name), fileid, 0, e->replaced);
    else if (e->type == NOTIFY4_REMOVE_ENTRY)
        dir_feed_gone(&client.feed, text(e->name));
    else
        dir_feed_rename(&client.feed, text(e->name), text(e->to), fileid, e->replaced);
}

static void deliver(uint32_t most)
{
    uint64_t after = 0;

    for (; most > 0 && server.first < server.count; most--) {
        const struct event *e = &server.events[server.first++ % PENDING];

        if (!e->dropped)
            event_feed(e);
        after = e->after;
    }
    if (after && rnd(2))
        dir_feed_change(&client.feed, after);
    assert_int_equal(dir_feed_send(&client.feed, &client.dir), NFS4_OK);
}

/* ---- the client ---- */

static void fill_start(void)
{
    client_dir_lose(&client.dir, CLIENT_DIR_RETURNED);
    server.first = server.count;
    server.delegated = true;
    client.before = server.change;
    dir_feed_grant(&client.dir, false);
    client.next_name = client.read_from = client.read_to = 0;
}

static void fill_step(void)
{
    if (client.read_from < client.read_to) {
        int name = client.read_from++;

        if (client.read[name])
            assert_true(dir_feed_read(&client.dir, text(name), client.read[name], 1));
    } else if (client.next_name < NAMES) {
        client.read_from = client.next_name;
        client.read_to = client.next_name = client.next_name + 4;
        memcpy(client.read, server.files, sizeof(client.read));
    } else {
        client_dir_fill_end(&client.dir, client.before, server.change);
    }
}

static void request_begin(void)
{
    struct client_dir_change change;

    client.doubt = client_dir_doubt(&client.dir);
    if (client.doubt) {
        client.request = LOOKUP_SENT;
        client_dir_doubt_begin(&client.dir, client.doubt);
        return;
    }
    pick(&client.gone, &client.come);
    change = (struct client_dir_change){text(client.gone), text(client.come)};
    client.request = CHANGE_SENT;
    client_dir_change_begin(&client.dir, &change);
}

static void request_execute(void)
{
    if (client.request == LOOKUP_SENT) {
        client.request = LOOKUP_DONE;
        client.found = server.files[atoi(client.doubt->name + 1)] != 0;
        return;
    }
    client.request = CHANGE_DONE;
    client.cinfo = (struct change_info4){.atomic = server.atomic, .before = server.change};
    client.ok = server_change(client.gone, client.come, true);
    client.cinfo.after = server.change;
}

static void request_end(void)
{
    struct client_dir_change change = {text(client.gone), text(client.come)};

    if (client.request == LOOKUP_DONE)
        client_dir_doubt_end(&client.dir, client.doubt, client.found ? NFS4_OK : NFS4ERR_NOENT,
                             NULL);
    else if (client.ok && rnd(50) == 0)
        client_dir_change_lost(&client.dir, &change);
    else
        client_dir_change_end(&client.dir, &change, client.ok ? &client.cinfo : NULL);
    client.request = IDLE;
}

static void request_step(void)
{
    if (client.dir.state == CLIENT_DIR_FILLING)
        fill_step();
    else if (client.request == IDLE)
        request_begin();
    else if (client.request == CHANGE_SENT || client.request == LOOKUP_SENT)
        request_execute();
    else
        request_end();
}

/* ---- the comparison ---- */

static void drain(void)
{
    while (client.dir.state == CLIENT_DIR_FILLING)
        fill_step();
    while (client.request != IDLE)
        request_step();
    while (server.first < server.count)
        deliver(3);
    while (client_dir_doubt(&client.dir)) {
        request_begin();
        request_execute();
        request_end();
    }
}

static void compare(uint32_t step)
{
    uint32_t count = 0;

    assert_int_equal(client.dir.state, CLIENT_DIR_VALID);
    for (int name = 0; name < NAMES; name++) {
        const struct client_dir_entry *e = client_dir_lookup(&client.dir, text(name));

        if (!e != (server.files[name] == 0))
            print_error("step %u: %s is %s\n", step, text(name), e ? "gone" : "there");
        assert_int_equal(e != NULL, server.files[name] != 0);
        if (e && bitmap4_isset(&e->known, FATTR4_FILEID))
            assert_int_equal(e->fileid, server.files[name]);
        count += e != NULL;
    }
    assert_int_equal(client.dir.count, count);
}

static void run(bool atomic, bool writes)
{
    const struct client_fh fh = {.len = 1};

    memset(&server, 0, sizeof(server));
    memset(&client, 0, sizeof(client));
    server.atomic = atomic;
    server.change = 100;
    client_dir_init(&client.dir, &fh);
    dir_feed_init(&client.feed);
    fill_start();
    for (uint32_t step = 1; step <= STEPS; step++) {
        uint32_t what = rnd(10);
        int gone, come;

        pick(&gone, &come);
        if (what < 3)
            (void)server_change(gone, come, false);
        else if (what < 6)
            deliver(1 + rnd(4));
        else if (writes || client.dir.state == CLIENT_DIR_FILLING)
            request_step();
        if (rnd(200) == 0) {
            drain();
            compare(step);
        }
        if (rnd(1000) == 0 && client.request == IDLE)
            fill_start();
    }
    client_dir_fini(&client.dir);
}

static void all_runs(bool atomic, bool writes)
{
    const char *given = getenv("MAINSTAY_DIR_SEED");

    for (uint32_t i = 0; i < RUNS; i++) {
        seed = given ? (uint32_t)strtoul(given, NULL, 10) : 1000 + i;
        print_message("seed %u\n", seed);
        run(atomic, writes);
    }
}

static void test_watcher(void **state)
{
    (void)state;
    all_runs(true, false);
}

static void test_writer(void **state)
{
    (void)state;
    all_runs(true, true);
}

/* A server whose change attributes say nothing about the order. */
static void test_writer_without_order(void **state)
{
    (void)state;
    all_runs(false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watcher),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_writer_without_order),
    };

    return test_group_run(tests);
}
