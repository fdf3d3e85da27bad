/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch_print.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/json_print.h"
#include "cli/printable.h"

/* ---- one line of either form ---- */

static void line_print(const struct watch_print *print, json_t *line)
{
    const char *member;
    json_t *value;

    if (print->json) {
        json_print(line, stdout, true);
    } else {
        (void)fputs(json_string_value(json_object_get(line, "event")), stdout);
        json_object_foreach(line, member, value)
        {
            if (json_is_string(value) && value != json_object_get(line, "event"))
                (void)printf(" %s=%s", member, json_string_value(value));
            else if (json_is_integer(value))
                (void)printf(" %s=%" JSON_INTEGER_FORMAT, member, json_integer_value(value));
        }
        (void)putchar('\n');
    }
    json_decref(line);
}

static void name_set(json_t *line, const char *member, const struct wire_opaque *name)
{
    char *text = printable_name(name);

    json_object_set_new(line, member, json_string(text));
    free(text);
}

/* Not every JSON reader takes 64-bit integers: decimal digits. */
static void number_set(json_t *line, const char *member, uint64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    json_object_set_new(line, member, json_string(text));
}

static const char *type_name(uint32_t type)
{
    static const char *const names[] = {
        [NF4REG] = "file",         [NF4DIR] = "directory",
        [NF4BLK] = "block_device", [NF4CHR] = "character_device",
        [NF4LNK] = "symlink",      [NF4SOCK] = "socket",
        [NF4FIFO] = "fifo",
    };

    return type < ARRAY_SIZE(names) && names[type] ? names[type] : "other";
}

static void attrs_set(json_t *line, const struct fattr4 *in)
{
    struct nfs4_attrs attrs = {0};
    struct arena arena;

    arena_init(&arena, 512);
    if (fattr_decode(in, &attrs, &arena)) {
        if (bitmap4_isset(&in->attrmask, FATTR4_TYPE))
            json_object_set_new(line, "type", json_string(type_name(attrs.type)));
        if (bitmap4_isset(&in->attrmask, FATTR4_FILEID))
            number_set(line, "fileid", attrs.fileid);
        if (bitmap4_isset(&in->attrmask, FATTR4_SIZE))
            number_set(line, "size", attrs.size);
        if (bitmap4_isset(&in->attrmask, FATTR4_CHANGE))
            number_set(line, "change", attrs.change);
    }
    arena_fini(&arena);
}

/* ---- what happens ---- */

void watch_print_begin(const struct watch_print *print, const struct client_dir *dir)
{
    json_t *line = json_pack("{s:s, s:I}", "event", "begin", "entries", (json_int_t)dir->count);
    json_t *types = json_array();
    char text[128] = "none";
    size_t len = 0;

    for (uint32_t type = 0; type < NOTIFY_TYPES; type++) {
        if (!bitmap4_isset(&dir->types, type))
            continue;
        json_array_append_new(types, json_string(notify_type_name(type)));
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
                                notify_type_name(type));
    }
    if (!print->json) {
        json_decref(types);
        types = json_string(text);
    }
    json_object_set_new(line, "told", types);
    line_print(print, line);
}

static void come_set(json_t *line, const struct notify_add4 *add)
{
    name_set(line, "name", &add->nad_new_entry.ne_file);
    if (add->nad_old_entry_count > 0)
        json_object_set_new(line, "replaced", json_string("yes"));
    attrs_set(line, &add->nad_new_entry.ne_attrs);
}

static void event_set(json_t *line, const struct notify_event *event)
{
    switch (event->type) {
    case NOTIFY4_CHANGE_CHILD_ATTRS:
        name_set(line, "name", &event->attr.na_changed_entry.ne_file);
        attrs_set(line, &event->attr.na_changed_entry.ne_attrs);
        break;
    case NOTIFY4_CHANGE_DIR_ATTRS:
        attrs_set(line, &event->attr.na_changed_entry.ne_attrs);
        break;
    case NOTIFY4_REMOVE_ENTRY:
        name_set(line, "name", &event->remove.nrm_old_entry.ne_file);
        break;
    case NOTIFY4_ADD_ENTRY:
        come_set(line, &event->add);
        break;
    case NOTIFY4_RENAME_ENTRY:
        name_set(line, "old_name", &event->rename.nrn_old_entry.nrm_old_entry.ne_file);
        come_set(line, &event->rename.nrn_new_entry);
        break;
    default:
        break;
    }
}

void watch_print_event(struct watch_print *print, const struct notify_event *event)
{
    bool follows = event->type == NOTIFY4_CHANGE_DIR_ATTRS && print->entry_told;
    json_t *line;

    print->entry_told = event->type != NOTIFY4_CHANGE_DIR_ATTRS;
    /* For people: each change of an entry is one of the directory. */
    if (follows && !print->json)
        return;
    line = json_pack("{s:s}", "event", notify_type_name(event->type));
    event_set(line, event);
    line_print(print, line);
}

void watch_print_lost(const struct watch_print *print, enum client_dir_loss why)
{
    line_print(print,
               json_pack("{s:s, s:s}", "event", "lost", "reason", client_dir_loss_name(why)));
}
