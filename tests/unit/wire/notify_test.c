/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of CB_NOTIFY compared with bytes put together by hand (SR-16): decoded, encoded again,
 * cut at each byte, and encoded into too little room.
 */
#include "wire/notify.h"

#include <stdlib.h>

#include "golden.h"

/* No attributes. */
#define NONE "00000000 00000000 "
#define COOKIE(hex) "00000000 000000" hex " "

#define REMOVE NAME NONE COOKIE("11")
#define ADD                                                                                        \
    "00000001 " NAME2 NONE COOKIE("10") NAME FATTR                                                 \
        "00000001 " COOKIE("11") "00000001 " NAME2 FATTR COOKIE("12") "00000001 "
#define ADD_BARE "00000000 " NAME2 NONE "00000000 00000000 00000000 "

struct event_case {
    const char *name;
    const char *hex; /* of the notify4 */
    enum notify_type4 type;
    void (*check)(const struct notify_event *event);
};

static void check_child(const struct notify_event *event)
{
    golden_text(&event->attr.na_changed_entry.ne_file, "abc");
    golden_fattr(&event->attr.na_changed_entry.ne_attrs);
}

static void check_dir(const struct notify_event *event)
{
    golden_text(&event->attr.na_changed_entry.ne_file, "");
    golden_fattr(&event->attr.na_changed_entry.ne_attrs);
}

static void check_remove(const struct notify_event *event)
{
    golden_text(&event->remove.nrm_old_entry.ne_file, "abc");
    EQ(event->remove.nrm_old_entry.ne_attrs.attr_vals.len, 0);
    EQ(event->remove.nrm_old_entry_cookie, 0x11);
}

static void check_add(const struct notify_event *event)
{
    const struct notify_add4 *add = &event->add;

    EQ(add->nad_old_entry_count, 1);
    golden_text(&add->nad_old_entry->nrm_old_entry.ne_file, "de");
    EQ(add->nad_old_entry->nrm_old_entry_cookie, 0x10);
    golden_text(&add->nad_new_entry.ne_file, "abc");
    golden_fattr(&add->nad_new_entry.ne_attrs);
    EQ(add->nad_new_entry_cookie_count, 1);
    EQ(*add->nad_new_entry_cookie, 0x11);
    EQ(add->nad_prev_entry_count, 1);
    golden_text(&add->nad_prev_entry->pe_prev_entry.ne_file, "de");
    EQ(add->nad_prev_entry->pe_prev_entry_cookie, 0x12);
    assert_true(add->nad_last_entry);
}

static void check_rename(const struct notify_event *event)
{
    golden_text(&event->rename.nrn_old_entry.nrm_old_entry.ne_file, "abc");
    golden_text(&event->rename.nrn_new_entry.nad_new_entry.ne_file, "de");
    EQ(event->rename.nrn_new_entry.nad_old_entry_count, 0);
    EQ(event->rename.nrn_new_entry.nad_new_entry_cookie_count, 0);
    EQ(event->rename.nrn_new_entry.nad_prev_entry_count, 0);
    assert_false(event->rename.nrn_new_entry.nad_last_entry);
}

static void check_verifier(const struct notify_event *event)
{
    golden_fixed(event->verifier.nv_old_cookieverf, 0x51, 8);
    golden_fixed(event->verifier.nv_new_cookieverf, 0x51, 8);
}

static const struct event_case cases[] = {
    {"child", "00000001 00000001 0000001c " NAME FATTR, NOTIFY4_CHANGE_CHILD_ATTRS, check_child},
    {"dir", "00000001 00000002 00000018 00000000 " FATTR, NOTIFY4_CHANGE_DIR_ATTRS, check_dir},
    {"remove", "00000001 00000004 00000018 " REMOVE, NOTIFY4_REMOVE_ENTRY, check_remove},
    {"add", "00000001 00000008 00000070 " ADD, NOTIFY4_ADD_ENTRY, check_add},
    {"rename", "00000001 00000010 00000038 " REMOVE ADD_BARE, NOTIFY4_RENAME_ENTRY, check_rename},
    {"verifier", "00000001 00000020 00000010 " VERIFIER VERIFIER, NOTIFY4_CHANGE_COOKIE_VERIFIER,
     check_verifier},
};

static bool decode(const uint8_t *bytes, size_t len, struct notify_events *out, struct arena *arena)
{
    struct notify4 change;
    struct xdr x;

    xdr_init_decode(&x, bytes, len, NULL);
    return wire_notify4(&x, &change) && xdr_left(&x) == 0 && notify_decode(&change, out, arena);
}

static bool decode_hex(const char *hex, struct notify_events *out, struct arena *arena)
{
    uint8_t bytes[4096];

    return decode(bytes, golden_bytes(hex, bytes, sizeof(bytes)), out, arena);
}

/* In exactly as much room as it needs, and in no less: then nothing is appended. */
static void check_encode(const struct event_case *c, struct notify_event *event,
                         const uint8_t *bytes, size_t len)
{
    for (size_t room = 0; room <= len; room++) {
        uint8_t *buffer = malloc(4 + room);
        struct xdr x;

        assert_non_null(buffer);
        xdr_init_encode(&x, buffer, 4 + room);
        xdr_put_u32(&x, 7);
        if (notify_encode(&x, event) != (room == len))
            fail_msg("%s: encoded in %zu of %zu bytes", c->name, room, len);
        assert_false(x.failed);
        EQ(xdr_pos(&x), 4 + (room == len ? len : 0));
        if (room == len)
            assert_memory_equal(buffer + 4, bytes, len);
        free(buffer);
    }
}

/* Values that end early, behind a length that says so. */
static void check_cut(const struct event_case *c, const uint8_t *bytes, size_t len,
                      struct arena *arena)
{
    const struct notify4 whole = {.notify_mask = {.count = 1, .words = {1u << c->type}}};
    struct notify_events out;

    for (size_t cut = 0; cut < len; cut++) {
        struct notify4 change = whole;
        uint8_t *copy = malloc(cut ? cut : 1);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        change.notify_vals = (struct wire_opaque){copy, (uint32_t)cut};
        if (notify_decode(&change, &out, arena))
            fail_msg("%s: %zu of %zu bytes are enough", c->name, cut, len);
        free(copy);
    }
}

static void each_type(void **unused)
{
    struct notify_events out;
    struct arena arena;

    (void)unused;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t bytes[GOLDEN_BYTES_MAX];
        size_t len = golden_bytes(cases[i].hex, bytes, sizeof(bytes));

        memset(&out, 0xff, sizeof(out));
        if (!decode(bytes, len, &out, &arena))
            fail_msg("%s: not decoded", cases[i].name);
        EQ(out.count, 1);
        EQ(out.events[0].type, cases[i].type);
        cases[i].check(&out.events[0]);
        check_encode(&cases[i], &out.events[0], bytes, len);
        check_cut(&cases[i], bytes + 12, len - 12, &arena);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

/* One of each type, in the order of the bits. */
static void several_types(void **unused)
{
    struct notify_events out;
    struct arena arena;

    (void)unused;
    memset(&out, 0xff, sizeof(out));
    arena_init(&arena, 4096);
    assert_true(decode_hex("00000001 0000000c 00000088 " REMOVE ADD, &out, &arena));
    EQ(out.count, 2);
    EQ(out.events[0].type, NOTIFY4_REMOVE_ENTRY);
    check_remove(&out.events[0]);
    EQ(out.events[1].type, NOTIFY4_ADD_ENTRY);
    check_add(&out.events[1]);
    arena_fini(&arena);
}

static void refused(void **unused)
{
    static const char *const hex[] = {
        "00000000 00000000",                                             /* no type */
        "00000001 00000040 00000000",                                    /* a flag */
        "00000001 00000044 00000018 " REMOVE,                            /* a type and a flag */
        "00000002 00000004 00000001 00000018 " REMOVE,                   /* bit 32, too */
        "00000004 00000004 00000000 00000000 00000001 00000018 " REMOVE, /* bit 96, too */
        "00000001 00000004 0000001c " REMOVE "00000000",                 /* something left over */
        "00000001 00000004 00000014 00000000 " NONE COOKIE("11"),        /* no name */
        "00000001 00000001 00000018 00000000 " FATTR,                    /* no name */
        "00000001 00000008 00000018 00000000 00000000 " NONE "00000000 00000000 00000000",
        "00000001 00000004 00000018 00000100 61626300 " NONE COOKIE(
            "11"), /* longer than there is */
        "00000001 00000008 00000038 00000002 " NAME2 NONE COOKIE("10") NAME FATTR,
    };
    struct notify_events out;
    struct arena arena;

    (void)unused;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_SIZE(hex); i++) {
        if (decode_hex(hex[i], &out, &arena))
            fail_msg("decoded: %s", hex[i]);
    }
    arena_fini(&arena);
}

/* The bound of what a notify4 without attributes takes; a longer name is refused. */
static void longest_names(void **unused)
{
    uint8_t name[LIMIT_NAME_BYTES + 1], bytes[2 * NOTIFY_BARE_BYTES];
    struct notify_remove4 old = {.nrm_old_entry.ne_file = {name, LIMIT_NAME_BYTES}};
    struct prev_entry4 prev = {.pe_prev_entry = old.nrm_old_entry};
    uint64_t cookie = 1;
    struct notify_event event = {
        .type = NOTIFY4_RENAME_ENTRY,
        .rename = {old, {&old, 1, old.nrm_old_entry, &cookie, 1, &prev, 1, true}},
    };
    struct notify_events out;
    struct arena arena;
    struct xdr x;

    (void)unused;
    memset(name, 'x', sizeof(name));
    arena_init(&arena, 4096);
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(notify_encode(&x, &event));
    EQ(xdr_pos(&x), NOTIFY_BARE_BYTES);
    assert_true(decode(bytes, xdr_pos(&x), &out, &arena));
    prev.pe_prev_entry.ne_file.len++;
    xdr_rewind(&x, 0);
    assert_true(notify_encode(&x, &event));
    assert_false(decode(bytes, xdr_pos(&x), &out, &arena));
    arena_fini(&arena);
}

static void names(void **unused)
{
    (void)unused;
    for (uint32_t type = 0; type < NOTIFY_TYPES; type++)
        assert_non_null(notify_type_name(type));
    assert_string_equal(notify_type_name(NOTIFY4_RENAME_ENTRY), "rename");
    assert_null(notify_type_name(NOTIFY4_GFLAG_EXTEND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type),     cmocka_unit_test(several_types), cmocka_unit_test(refused),
        cmocka_unit_test(longest_names), cmocka_unit_test(names),
    };

    return test_group_run(tests);
}
