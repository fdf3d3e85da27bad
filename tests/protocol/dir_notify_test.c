/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holders that subscribed to the changes of a directory (RFC 8881 §10.9, §18.39, §20.4): each
 * operation by another client of each minor version is told instead of recalling the delegation, by
 * the holder itself is not told; and each notification that was granted is sent.  SR-16, W12, L-06.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin_call.h"
#include "dir_deeds.h"
#include "holder.h"
#include "wire/notify.h"

enum {
    MINORS = 3,
    NOTICES_MAX = 16,
    EVERYTHING = 1 << NOTIFY4_ADD_ENTRY | 1 << NOTIFY4_REMOVE_ENTRY | 1 << NOTIFY4_RENAME_ENTRY |
                 1 << NOTIFY4_CHANGE_DIR_ATTRS,
    EXTEND = 1 << NOTIFY4_GFLAG_EXTEND,
    CHILDREN = 1 << NOTIFY4_CHANGE_CHILD_ATTRS,
};

static struct holder holders[MINORS]; /* of 4.1 and 4.2 */
static struct client_mount writers[MINORS];
static char again[] = "/again";

/* ---- what a holder is told ---- */

static struct notices {
    uint32_t count;
    char text[NOTICES_MAX][80]; /* "add new", "remove file", "rename file other over", "dir" */
    struct nfs4_attrs attrs[NOTICES_MAX];
    bool has_prev[NOTICES_MAX];
    struct stateid4 stateid; /* of the last one */
} heard;

static const struct notify_entry4 *entry_of(const struct notify_event *event)
{
    switch (event->type) {
    case NOTIFY4_ADD_ENTRY:
        return &event->add.nad_new_entry;
    case NOTIFY4_REMOVE_ENTRY:
        return &event->remove.nrm_old_entry;
    case NOTIFY4_RENAME_ENTRY:
        return &event->rename.nrn_new_entry.nad_new_entry;
    default:
        return &event->attr.na_changed_entry;
    }
}

static void append(char *text, size_t size, const struct wire_opaque *name)
{
    const size_t at = strlen(text);

    (void)snprintf(text + at, size - at, " %.*s", (int)name->len, (const char *)name->data);
}

static void note(const struct notify_event *event, struct arena *arena)
{
    static const char *const words[] = {"attrs", "dir", "remove", "add", "rename"};
    const struct notify_entry4 *entry = entry_of(event);
    const struct notify_add4 *add = NULL;
    char *text = heard.text[heard.count];

    assert_true(heard.count < NOTICES_MAX && event->type < ARRAY_SIZE(words));
    (void)snprintf(text, sizeof(heard.text[0]), "%s", words[event->type]);
    if (event->type == NOTIFY4_RENAME_ENTRY) {
        append(text, sizeof(heard.text[0]), &event->rename.nrn_old_entry.nrm_old_entry.ne_file);
        add = &event->rename.nrn_new_entry;
    } else if (event->type == NOTIFY4_ADD_ENTRY) {
        add = &event->add;
    }
    /* Cookie, predecessor and place are told together, or not at all. */
    assert_true(!add || add->nad_last_entry == (add->nad_new_entry_cookie_count > 0));
    if (entry->ne_file.len > 0)
        append(text, sizeof(heard.text[0]), &entry->ne_file);
    if (add && add->nad_old_entry_count > 0)
        append(text, sizeof(heard.text[0]), &(struct wire_opaque){(const uint8_t *)"over", 4});
    heard.has_prev[heard.count] = add && add->nad_prev_entry_count > 0;
    assert_true(fattr_decode(&entry->ne_attrs, &heard.attrs[heard.count], arena));
    heard.count++;
}

static enum nfsstat4 hear(const struct client_callback_op *op, const struct CB_NOTIFY4args *notify,
                          struct arena *arena, void *context)
{
    (void)context;
    heard.stateid = op->stateid;
    for (uint32_t i = 0; notify && i < notify->cna_changes_count; i++) {
        struct notify_events events;

        assert_true(notify_decode(&notify->cna_changes[i], &events, arena));
        assert_int_equal(events.count, 1);
        note(&events.events[0], arena);
    }
    return NFS4_OK;
}

/* ---- subscribing ---- */

static struct GET_DIR_DELEGATION4resok subscribe_as(struct holder *holder,
                                                    const struct client_fh *dir,
                                                    const struct GET_DIR_DELEGATION4args *wish)
{
    const struct GET_DIR_DELEGATION4res_non_fatal *answer;

    begin(&holder->mount, dir);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION, .opget_dir_delegation = *wish});
    run_on(&holder->mount.conn, NFS4_OK);
    answer = &result(OP_GET_DIR_DELEGATION)->opget_dir_delegation;
    assert_int_equal(answer->gddrnf_status, GDD4_OK);
    heard = (struct notices){.count = 0};
    return answer->gddrnf_resok4;
}

static struct bitmap4 bits(uint32_t word)
{
    return (struct bitmap4){.count = 1, .words = {word}};
}

/* Returns the stateid; these types, or fewer, are granted. */
static struct stateid4 subscribe(struct holder *holder, const struct client_fh *dir, uint32_t types,
                                 uint32_t granted)
{
    const struct GET_DIR_DELEGATION4args wish = {.gdda_notification_types = bits(types),
                                                 .gdda_child_attributes =
                                                     bits(1u << FATTR4_FILEID | 1u << FATTR4_SIZE),
                                                 .gdda_dir_attributes = bits(1u << FATTR4_CHANGE)};
    const struct GET_DIR_DELEGATION4resok resok = subscribe_as(holder, dir, &wish);

    assert_int_equal(resok.gddr_notification.words[0], granted);
    return resok.gddr_stateid;
}

/* ---- one cell of the matrix ---- */

static void act(struct client_mount *by, const struct deed *deed, const struct place *at,
                enum nfsstat4 status)
{
    deed->add(by, at);
    client_result_free(R);
    assert_int_equal(client_compound_call(&by->conn, C, R), CLIENT_OK);
    if (R->status != status)
        fail_msg("%s: %u instead of %u", deed->operation, R->status, status);
}

/* What was sent before the reply to SEQUENCE has come when that has. */
static uint32_t callbacks_of(struct holder *holder)
{
    (void)holder_speak(holder, &holder->mount.conn);
    return holder->callbacks->count;
}

/* The event, and at its end the directory's attributes, up to date with it. */
static void expect_told(struct holder *holder, const struct deed *deed, const struct client_fh *dir,
                        const struct stateid4 *stateid)
{
    const bool alone = strcmp(deed->told, "dir") == 0;
    const uint32_t last = alone ? 0 : 1;

    holder_pump_until(holder, heard.count > last);
    (void)callbacks_of(holder);
    if (heard.count != last + 1 || strcmp(heard.text[0], deed->told) != 0)
        fail_msg("%s: told %u, the first \"%s\"", deed->operation, heard.count, heard.text[0]);
    assert_string_equal(heard.text[last], "dir");
    assert_memory_equal(&heard.stateid.other, &stateid->other, sizeof(stateid->other));
    if (heard.attrs[last].change != 0) /* `local` can't always say */
        assert_int_equal(heard.attrs[last].change,
                         attrs_of(&alice, dir, CLIENT_BITS(FATTR4_CHANGE)).change);
}

static void expect_recall(struct holder *holder, uint32_t before)
{
    (void)holder_wait(holder, OP_CB_RECALL, before);
}

/* `own`: by the holder, through the same export. */
static void deed_check(const struct deed *deed, struct holder *holder, struct client_mount *by,
                       const struct place *place, const struct place *at)
{
    const struct client_fh *dir = deed->of == OF_SUB ? &place->sub : &place->dir;
    const bool own = by == &holder->mount, same = place == at;
    const enum deed_effect effect = own && same ? deed->by_holder : deed->by_another;
    const struct stateid4 stateid =
        subscribe(holder, dir, EVERYTHING | EXTEND, EVERYTHING | EXTEND);
    const uint32_t before = callbacks_of(holder);

    if (effect == RECALLED && (!deed->told || own)) {
        act(by, deed, at, NFS4ERR_DELAY);
        expect_recall(holder, before);
        holder_return_dir(holder, dir, &stateid);
        act(by, deed, at, deed->status);
        return;
    }
    act(by, deed, at, deed->status);
    if (effect == RECALLED)
        expect_told(holder, deed, dir, &stateid);
    else if (callbacks_of(holder) != before)
        fail_msg("%s: told \"%s\"", deed->operation, heard.text[0]);
    if (effect != ENDS)
        holder_return_dir(holder, dir, &stateid);
}

static void check_all(const char *here, const char *there, uint32_t holder_count)
{
    for (size_t i = 0; i < deed_count; i++) {
        if (deeds[i].of == ON_MEM && strcmp(here, script_mem) != 0)
            continue;
        for (uint32_t by = 0; by < holder_count * (MINORS + 1); by++) {
            struct holder *holder = &holders[1 + by / (MINORS + 1)];
            struct client_mount *const others[] = {&writers[0], &writers[1], &writers[2],
                                                   &holder->mount};
            const struct place place = place_make(here);
            const struct place other = place_through(&place, there);

            deed_check(&deeds[i], holder, others[by % (MINORS + 1)], &place,
                       strcmp(here, there) == 0 ? &place : &other);
        }
    }
}

static void matrix(void **state)
{
    check_all(*state, *state, 2);
}

static void other_export(void **state)
{
    (void)state;
    check_all(script_local, again, 1);
}

/* ---- what is granted is sent, what is not recalls ---- */

static uint32_t type_of(const struct deed *deed)
{
    static const char *const words[] = {"attrs", "dir", "remove", "add", "rename"};

    for (uint32_t type = 0; type < ARRAY_SIZE(words); type++) {
        if (strncmp(deed->told, words[type], strlen(words[type])) == 0)
            return 1u << type;
    }
    return 0;
}

static void one_by_one(const struct deed *deed, const char *export, uint32_t type)
{
    struct holder *holder = &holders[1];
    const struct place place = place_make(export);
    const struct stateid4 stateid = subscribe(holder, &place.dir, type | EXTEND, type | EXTEND);
    const uint32_t before = callbacks_of(holder);

    if (type_of(deed) == type) {
        act(&writers[1], deed, &place, deed->status);
        holder_pump_until(holder, heard.count > 0);
        assert_string_equal(heard.text[0], deed->told);
    } else {
        act(&writers[1], deed, &place, NFS4ERR_DELAY);
        expect_recall(holder, before);
        assert_int_equal(heard.count, 0);
    }
    holder_return_dir(holder, &place.dir, &stateid);
}

static void each_type_alone(void **state)
{
    for (size_t i = 0; i < deed_count; i++) {
        if (!deeds[i].told || deeds[i].of != OF_DIR)
            continue;
        for (uint32_t type = NOTIFY4_CHANGE_DIR_ATTRS; type <= NOTIFY4_RENAME_ENTRY; type++)
            one_by_one(&deeds[i], *state, 1u << type);
    }
}

/* A client that needs the order of entries is told of new ones only where the server knows it. */
static void in_order(void **unused)
{
    struct holder *holder = &holders[1];
    const struct place mem = place_make(script_mem), local = place_make(script_local);
    const uint32_t unordered = 1u << NOTIFY4_REMOVE_ENTRY | 1u << NOTIFY4_CHANGE_DIR_ATTRS;
    const uint32_t order = EXTEND | 1u << NOTIFY4_CFLAG_ORDER;
    struct stateid4 stateid;

    (void)unused;
    stateid = subscribe(holder, &local.dir, EVERYTHING, unordered);
    holder_return_dir(holder, &local.dir, &stateid);
    stateid = subscribe(holder, &local.dir, EVERYTHING | order, unordered | EXTEND);
    holder_return_dir(holder, &local.dir, &stateid);
    stateid = subscribe(holder, &mem.dir, EVERYTHING, EVERYTHING);
    (void)make_file(&writers[1], &mem.dir, "new");
    holder_pump_until(holder, heard.count > 0);
    assert_string_equal(heard.text[0], "add new");
    assert_true(heard.has_prev[0]);
    holder_return_dir(holder, &mem.dir, &stateid);
}

/* Attributes of entries: with the entry when it is new, and by themselves when they change. */
static void of_children(void **unused)
{
    struct holder *holder = &holders[2];
    const struct place place = place_make(script_mem), local = place_make(script_local);
    struct stateid4 stateid;

    (void)unused;
    stateid = subscribe(holder, &local.dir, CHILDREN | EVERYTHING | EXTEND, EVERYTHING | EXTEND);
    holder_return_dir(holder, &local.dir, &stateid);
    stateid = subscribe(holder, &place.dir, CHILDREN | EVERYTHING | EXTEND,
                        CHILDREN | EVERYTHING | EXTEND);
    (void)make_file(&writers[1], &place.dir, "new");
    holder_pump_until(holder, heard.count > 0);
    assert_string_equal(heard.text[0], "add new");
    assert_true(heard.attrs[0].fileid != 0);
    holder_return_dir(holder, &place.dir, &stateid);
    stateid = subscribe(holder, &place.dir, CHILDREN | EXTEND, CHILDREN | EXTEND);
    begin(&writers[1], &place.file);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "four", 4);
    run(NFS4_OK);
    holder_pump_until(holder, heard.count > 1); /* it has two names */
    assert_int_equal(heard.attrs[0].size, 4);
    assert_int_equal(heard.attrs[1].size, 4);
    holder_return_dir(holder, &place.dir, &stateid);
}

/* Attributes that may wait longer than a lease are not granted; masks have what there is. */
static void negotiated(void **unused)
{
    struct holder *holder = &holders[1];
    const struct place place = place_make(script_mem);
    struct GET_DIR_DELEGATION4args wish = {
        .gdda_notification_types =
            bits(EVERYTHING | CHILDREN | EXTEND | 1u << NOTIFY4_CHANGE_COOKIE_VERIFIER | 1u << 9),
        .gdda_child_attr_delay = {.seconds = INT64_MAX},
        .gdda_dir_attr_delay = {.seconds = 1, .nseconds = 5},
        .gdda_child_attributes = bits(UINT32_MAX),
        .gdda_dir_attributes =
            bits(1u << FATTR4_CHANGE | 1u << FATTR4_RDATTR_ERROR | 1u << FATTR4_LEASE_TIME)};
    struct GET_DIR_DELEGATION4resok resok = subscribe_as(holder, &place.dir, &wish);

    (void)unused;
    assert_int_equal(resok.gddr_notification.words[0],
                     EVERYTHING | EXTEND | 1u << NOTIFY4_CHANGE_COOKIE_VERIFIER);
    assert_int_equal(resok.gddr_dir_attributes.words[0], 1u << FATTR4_CHANGE);
    assert_int_equal(resok.gddr_child_attributes.words[0],
                     1u << FATTR4_TYPE | 1u << FATTR4_CHANGE | 1u << FATTR4_SIZE |
                         1u << FATTR4_FSID | 1u << FATTR4_FILEHANDLE | 1u << FATTR4_FILEID);
    holder_return_dir(holder, &place.dir, &resok.gddr_stateid);
    wish.gdda_notification_types = bits(1u << NOTIFY4_CHANGE_COOKIE_VERIFIER | EXTEND);
    resok = subscribe_as(holder, &place.dir, &wish);
    assert_int_equal(resok.gddr_notification.words[0], 0);
    holder_return_dir(holder, &place.dir, &resok.gddr_stateid);
}

/* Over REST: what the holder is told, and what it has not been told yet since it does not
 * answer. */
static void shown(void **unused)
{
    struct holder *holder = &holders[1];
    const struct place place = place_make(script_mem);
    const struct stateid4 stateid = subscribe(holder, &place.dir, 1u << NOTIFY4_ADD_ENTRY | EXTEND,
                                              1u << NOTIFY4_ADD_ENTRY | EXTEND);
    json_t *page, *item;
    char path[64];

    (void)unused;
    (void)make_file(&writers[1], &place.dir, "one");
    (void)make_file(&writers[1], &place.dir, "two");
    (void)make_file(&writers[1], &place.dir, "three");
    (void)snprintf(path, sizeof(path), "/delegations?client=%016" PRIx64,
                   client_mount_clientid(&holder->mount));
    page = admin_get(path);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
    item = json_array_get(json_object_get(page, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "type")), "directory");
    assert_int_equal(json_integer_value(json_object_get(item, "queued")), 2);
    item = json_object_get(item, "notifications");
    assert_int_equal(json_array_size(item), 1);
    assert_string_equal(json_string_value(json_array_get(item, 0)), "add");
    json_decref(page);
    holder_pump_until(holder, heard.count > 2);
    assert_string_equal(heard.text[2], "add three");
    holder_return_dir(holder, &place.dir, &stateid);
}

/* Its options change, and so does who a user is for the export: who is told changes has to ask
 * again. */
static void export_changed(void **unused)
{
    static const char *const text = "{\"path\": \"/x\", \"backend\": \"mem\", "
                                    "\"ports\": \"insecure\", \"squash\": \"%s\"}";
    struct holder *holder = &holders[1];
    struct stateid4 stateid, other;
    struct place place, elsewhere = place_make(script_mem);
    char json[128];
    uint32_t before;

    (void)unused;
    (void)snprintf(json, sizeof(json), text, "no_root_squash");
    assert_int_equal(admin_send("POST", "/exports", json), 201);
    assert_true(script_open_to_all("/x"));
    place = place_make("/x");
    other = subscribe(holder, &elsewhere.dir, EVERYTHING | EXTEND, EVERYTHING | EXTEND);
    stateid = subscribe(holder, &place.dir, EVERYTHING | EXTEND, EVERYTHING | EXTEND);
    before = callbacks_of(holder);
    (void)snprintf(json, sizeof(json), text, "root_squash");
    assert_int_equal(admin_send("PUT", "/exports/%2Fx", json), 200);
    expect_recall(holder, before);
    (void)make_file(&writers[1], &elsewhere.dir, "new");
    holder_pump_until(holder, heard.count > 0);
    assert_memory_equal(&heard.stateid.other, &other.other, sizeof(other.other));
    holder_return_dir(holder, &elsewhere.dir, &other);
    holder_return_dir(holder, &place.dir, &stateid);
}

/* Nobody else changes the directories of `local`; and nothing is parked, for speed. */
static int set_up(void **state)
{
    static char local[128], other[128];
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash",
                                          "--export", local,
                                          "--export", other,
                                          "--set",    "nfs.directory_delegations=notify",
                                          "--set",    "nfs.local_delegations=all",
                                          "--set",    "nfs.recall_park_ms=0",
                                          NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(other, sizeof(other), "%s=local:%s,no_root_squash", again, script_server.data);
    if (script_setup(options) != 0 || !script_open_to_all(script_mem))
        return -1;
    for (uint32_t minor = 1; minor < MINORS; minor++) {
        holder_open(&holders[minor], minor);
        holders[minor].callbacks->hook = (struct client_callback_hook){.execute = hear};
    }
    script_mount_v40(&writers[0]);
    script_mount_v41(&writers[1]);
    script_mount_v42(&writers[2]);
    return 0;
}

static int tear_down(void **state)
{
    for (uint32_t minor = 0; minor < MINORS; minor++) {
        client_mount_close(&writers[minor]);
        if (minor > 0)
            holder_close(&holders[minor]);
    }
    return script_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(matrix),
        cmocka_unit_test(other_export),
        ON_BOTH(each_type_alone),
        cmocka_unit_test(in_order),
        cmocka_unit_test(of_children),
        cmocka_unit_test(negotiated),
        cmocka_unit_test(shown),
        cmocka_unit_test(export_changed),
    };

    return test_group_run_fixtures(tests, set_up, tear_down);
}
