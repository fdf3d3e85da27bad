/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guarantees of a delegation (RFC 8881 §10.4) while all clients change the same few files in
 * every possible way: a holder for writing finds what it wrote, one for reading finds the same
 * contents twice. S22B-08.
 */
#include <pthread.h>
#include <string.h>

#include "exactly_once/random.h"
#include "lib/wait.h"
#include "script.h"

enum {
    ACTORS = 6,
    FILES = 8,
    TIME_MS = 3000,
    REBOOT_TURNS = 2000,
    TOKEN_BYTES = 8
};

/* One of 8 files: the client's open of it, and its delegation, which another open may have
 * brought. */
struct place {
    bool is_open, held, writes, recalled;
    struct client_file file;
    struct stateid4 delegation;
    struct client_fh fh; /* of the delegated file: other clients may give the name to other files */
};

/* A client of 4.1, on a thread. */
struct actor {
    pthread_t thread;
    uint32_t number, lives, seen;
    struct random random;
    struct client_mount mount;
    struct client_callbacks *callbacks;
    struct place places[FILES];
};

static struct client_fh dir;
static int64_t end_ms;
static _Atomic uint64_t given, recalls, written, read_twice;

static uint32_t below(struct actor *me, uint32_t limit)
{
    return random_below(&me->random, limit);
}

/* Start anew, as after a reboot: the client's former state is gone. */
static void come(struct actor *me)
{
    char owner[32];
    struct client_session_wish wish;
    const struct client_cred cred = script_cred();

    (void)snprintf(owner, sizeof(owner), "actor %u", me->number);
    wish = client_session_wish_default(owner);
    memset(wish.verifier, 0, sizeof(wish.verifier));
    memcpy(wish.verifier, &me->lives, sizeof(me->lives));
    me->lives++;
    memset(me->callbacks, 0, sizeof(*me->callbacks));
    memset(me->places, 0, sizeof(me->places));
    me->seen = 0;
    wish.callbacks = me->callbacks;
    CHECK(client_mount_open(&me->mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish) ==
          NFS4_OK);
}

static enum nfsstat4 call(struct actor *me, struct client_compound *c, struct client_result *r)
{
    enum nfsstat4 status = client_mount_call(&me->mount, c, r);

    CHECK(me->mount.trouble == CLIENT_OK);
    return status;
}

static void begin_at(struct actor *me, const struct client_fh *fh, struct client_compound *c)
{
    client_mount_begin(&me->mount, c);
    client_op_putfh(c, fh);
}

static void name_of(uint32_t number, char name[16])
{
    (void)snprintf(name, 16, "file %u", number);
}

/* ---- recalls ---- */

static void note_recall(struct actor *me, const struct client_callback_op *op)
{
    for (uint32_t i = 0; op && i < FILES; i++) {
        struct place *place = &me->places[i];

        if (place->held && memcmp(place->delegation.other, op->stateid.other, NFS4_OTHER_SIZE) == 0)
            place->recalled = true;
    }
    recalls += op != NULL;
}

static void give_back(struct actor *me, struct place *place)
{
    if (!place->held)
        return;
    CHECK(client_file_return(&me->mount, &place->fh, &place->delegation) == NFS4_OK);
    place->held = place->recalled = false;
}

static void serve(struct actor *me)
{
    while (client_call_serve(&me->mount.conn, 0) == CLIENT_OK)
        continue;
    for (; me->seen < me->callbacks->count; me->seen++)
        note_recall(
            me, client_callback_lookup(client_callback_at(me->callbacks, me->seen), OP_CB_RECALL));
    for (uint32_t i = 0; i < FILES; i++) {
        if (me->places[i].recalled)
            give_back(me, &me->places[i]);
    }
}

/* ---- opens ---- */

static void take(struct actor *me, struct place *place, const struct client_file *file)
{
    const struct stateid4 *delegation = client_file_delegation(file);

    for (uint32_t i = 0; i < FILES; i++) {
        struct place *other = &me->places[i];

        /* A new delegation of the same file replaces the old one, under whatever name. */
        if (other->held && memcmp(other->delegation.other, delegation->other, NFS4_OTHER_SIZE) == 0)
            other->held = false;
    }
    give_back(me, place);
    *place = (struct place){.is_open = true,
                            .held = true,
                            .writes = file->open.delegation.delegation_type == OPEN_DELEGATE_WRITE,
                            .file = *file,
                            .delegation = *delegation,
                            .fh = file->fh};
    given++;
}

static void open_or_close(struct actor *me, uint32_t number)
{
    static const uint32_t wants[] = {0, OPEN4_SHARE_ACCESS_WANT_READ_DELEG,
                                     OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
                                     OPEN4_SHARE_ACCESS_WANT_ANY_DELEG};
    struct place *place = &me->places[number];
    char name[16], owner[16];
    struct client_open how = {
        .owner = owner, .name = name, .create = true, .how = UNCHECKED4, .mode = 0666};
    struct client_file file;

    if (place->is_open) {
        CHECK(client_file_close(&me->mount, &place->file) == NFS4_OK);
        place->is_open = false;
        return;
    }
    name_of(number, name);
    (void)snprintf(owner, sizeof(owner), "owner %u", number);
    how.access = (1 + below(me, 3)) | wants[below(me, ARRAY_SIZE(wants))];
    if (client_file_open(&me->mount, &dir, &how, &file) != NFS4_OK)
        return;
    place->file = file;
    place->is_open = true;
    if (client_file_delegation(&file))
        take(me, place, &file);
}

/* ---- guarantees ---- */

/* READ by the delegation; returns the change attribute before it. */
static uint64_t look_at(struct actor *me, const struct place *place, uint64_t *change)
{
    struct client_compound c;
    struct client_result r;
    struct nfs4_attrs attrs;
    uint64_t token = 0;

    begin_at(me, &place->fh, &c);
    client_op_getattr(&c, CLIENT_BITS(FATTR4_CHANGE));
    client_op_read(&c, &place->delegation, 0, TOKEN_BYTES);
    CHECK(call(me, &c, &r) == NFS4_OK);
    CHECK(fattr_decode(&r.ops[2].opgetattr.obj_attributes, &attrs, &r.reply.arena));
    memcpy(&token, r.ops[3].opread.data.data, r.ops[3].opread.data.len);
    *change = attrs.change;
    client_result_free(&r);
    return token;
}

static void write_token(struct actor *me, const struct place *place, uint64_t token)
{
    struct client_compound c;
    struct client_result r;

    begin_at(me, &place->fh, &c);
    client_op_write(&c, &place->delegation, 0, UNSTABLE4, &token, TOKEN_BYTES);
    CHECK(call(me, &c, &r) == NFS4_OK);
    client_result_free(&r);
}

static void rely_on(struct actor *me, const struct place *place)
{
    uint64_t token = (uint64_t)me->number << 32 | below(me, UINT32_MAX);
    uint64_t change = 0, again;

    if (!place->held)
        return;
    if (place->writes) {
        write_token(me, place, token);
        written++;
    } else {
        token = look_at(me, place, &change);
        read_twice++;
    }
    wait_ms(below(me, 3));
    CHECK(look_at(me, place, &again) == token);
    CHECK(place->writes || again == change);
}

/* ---- conflicting operations ---- */

static void add_deed_of_file(struct actor *me, struct client_compound *c)
{
    const struct nfs4_attrs attrs = {.mode = 0666, .size = below(me, TOKEN_BYTES + 1)};

    switch (below(me, 6)) {
    case 0:
        client_op_read(c, &client_stateid_anonymous, 0, TOKEN_BYTES);
        break;
    case 1:
        client_op_write(c, &client_stateid_anonymous, 0, UNSTABLE4, "nobody's", TOKEN_BYTES);
        break;
    case 2:
        client_op_setattr(c, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE), &attrs);
        break;
    case 3:
        client_op_setattr(c, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SIZE), &attrs);
        break;
    case 4:
        client_op_getattr(c, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
        break;
    default:
        client_op(c, OP_SAVEFH);
        client_op_putfh(c, &dir);
        client_op_link(c, "link");
    }
}

static void add_deed_of_name(struct actor *me, struct client_compound *c, const char *name)
{
    char other[16];

    name_of(below(me, FILES), other);
    switch (below(me, 3)) {
    case 0:
        client_op_remove(c, name);
        break;
    case 1:
        client_op_remove(c, "link");
        break;
    default:
        client_op(c, OP_SAVEFH);
        client_op_putfh(c, &dir);
        client_op_rename(c, name, other);
    }
}

/* Any result is accepted. */
static void disturb(struct actor *me, uint32_t number)
{
    struct client_compound c;
    struct client_result r;
    char name[16];

    name_of(number, name);
    begin_at(me, &dir, &c);
    if (below(me, 2) == 0) {
        client_op_lookup(&c, name);
        add_deed_of_file(me, &c);
    } else {
        add_deed_of_name(me, &c, name);
    }
    (void)call(me, &c, &r);
    client_result_free(&r);
}

static void turn(struct actor *me)
{
    const uint32_t number = below(me, FILES);

    serve(me);
    if (below(me, REBOOT_TURNS) == 0) {
        client_conn_close(&me->mount.conn);
        come(me);
    }
    switch (below(me, 8)) {
    case 0:
        disturb(me, number);
        break;
    case 1:
        give_back(me, &me->places[number]);
        break;
    case 2:
    case 3:
    case 4:
        open_or_close(me, number);
        break;
    default:
        rely_on(me, &me->places[number]);
    }
}

static void *act(void *arg)
{
    struct actor *me = arg;

    come(me);
    while (wait_now_ms() < end_ms)
        turn(me);
    for (uint32_t i = 0; i < FILES; i++) {
        give_back(me, &me->places[i]);
        if (me->places[i].is_open)
            CHECK(client_file_close(&me->mount, &me->places[i].file) == NFS4_OK);
    }
    CHECK(me->callbacks->trouble_count == 0);
    client_mount_close(&me->mount);
    return NULL;
}

static void promises_are_kept(void **state)
{
    static struct actor actors[ACTORS];

    dir = script_dir(*state);
    end_ms = wait_now_ms() + TIME_MS;
    given = recalls = written = read_twice = 0;
    for (uint32_t i = 0; i < ACTORS; i++) {
        actors[i] = (struct actor){.number = i + 1};
        actors[i].callbacks = must_calloc(1, sizeof(*actors[i].callbacks));
        actors[i].random = random_from(1, i);
        assert_int_equal(pthread_create(&actors[i].thread, NULL, act, &actors[i]), 0);
    }
    for (uint32_t i = 0; i < ACTORS; i++) {
        assert_int_equal(pthread_join(actors[i].thread, NULL), 0);
        free(actors[i].callbacks);
    }
    print_message("%llu given, %llu recalls, %llu written, %llu read twice\n",
                  (unsigned long long)given, (unsigned long long)recalls,
                  (unsigned long long)written, (unsigned long long)read_twice);
    assert_true(given > 0 && recalls > 0 && written > 0 && read_twice > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(promises_are_kept),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
