/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complaint.h"
#include "cli/exports_file.h"
#include "cli/json_print.h"
#include "cli/listing.h"
#include "cli/printable.h"
#include "cli/resource_command.h"

enum { /* the options of the command */
    IMPORT_DRY_RUN,
    IMPORT_VERBOSE,
};

enum {
    LINE_BYTES = 16,
    LINES_BYTES = 256, /* of the numbers of lines that have refusals */
};

/* All of it, to be freed.  NULL after telling why. */
static char *file_read(const char *name, size_t *len)
{
    char *data = must_malloc(LIMIT_EXPORTS_FILE_BYTES + 1);
    FILE *file = fopen(name, "re");
    const char *why = NULL;

    *len = file ? fread(data, 1, LIMIT_EXPORTS_FILE_BYTES + 1, file) : 0;
    if (!file || ferror(file))
        why = strerror(errno);
    else if (*len > LIMIT_EXPORTS_FILE_BYTES)
        why = "is longer than 1 MiB";
    if (file)
        (void)fclose(file);
    if (!why)
        return data;
    complaint_print("%s: %s", name, why);
    free(data);
    return NULL;
}

/* ---- the report ---- */

static const char *verdict_name(enum exports_verdict verdict)
{
    switch (verdict) {
    case EXPORTS_TAKEN:
        return "taken";
    case EXPORTS_MEANINGLESS:
        return "meaningless here";
    case EXPORTS_REFUSED:
        return "refused";
    }
    return "?";
}

static void part_print(FILE *out, const char *text, const char *after)
{
    char *shown = text ? printable_text(text) : NULL;

    if (shown)
        (void)fprintf(out, "%s%s", shown, after);
    free(shown);
}

/* "exports:3: /data: no_wdelay: meaningless here: ..." */
static void remark_print(FILE *out, const char *name, const struct exports_remark *remark)
{
    part_print(out, name, ":");
    (void)fprintf(out, "%u: ", remark->line);
    part_print(out, remark->path, ": ");
    part_print(out, remark->about, ": ");
    (void)fprintf(out, "%s%s", verdict_name(remark->verdict), remark->why ? ": " : "");
    part_print(out, remark->why, "");
    (void)fputc('\n', out);
}

/* Refusals are errors; the rest is for whoever reads the result.  That an option was taken is said
 * to those who ask, or if there is something to be said of it. */
static void remarks_print(const struct invocation *call, const struct exports_file *file)
{
    const char *name = call->arguments[0];

    for (uint32_t i = 0; i < file->remark_count; i++) {
        bool refused = file->remarks[i].verdict == EXPORTS_REFUSED;

        if (file->remarks[i].verdict == EXPORTS_TAKEN && !file->remarks[i].why &&
            !call->options[IMPORT_VERBOSE])
            continue;
        remark_print(refused ? stderr : stdout, name, &file->remarks[i]);
        (void)fflush(stdout); /* so that lines of a terminal are in order */
    }
    if (file->remarks_left_out > 0)
        complaint_print("%s: %u more remarks are left out", name, file->remarks_left_out);
}

static json_t *text_make(const char *text)
{
    char *shown = text ? printable_text(text) : NULL;
    json_t *value = shown ? json_string(shown) : json_null();

    CHECK(value);
    free(shown);
    return value;
}

static json_t *remarks_make(const struct exports_file *file)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < file->remark_count; i++) {
        const struct exports_remark *one = &file->remarks[i];
        json_t *object =
            json_pack("{s:I, s:o, s:o, s:s, s:o}", "line", (json_int_t)one->line, "path",
                      text_make(one->path), "about", text_make(one->about), "verdict",
                      verdict_name(one->verdict), "why", text_make(one->why));

        CHECK(object && json_array_append_new(list, object) == 0);
    }
    return list;
}

/* ---- the exports ---- */

static json_t *clients_make(const struct exports_entry *entry)
{
    json_t *clients = json_array();

    for (uint32_t i = 0; i < entry->client_count; i++)
        CHECK(json_array_append_new(clients, json_string(entry->clients[i])) == 0);
    return clients;
}

/* The keys that an export has in the configuration file.  NULL if the path is not UTF-8. */
static json_t *export_make(const struct exports_entry *entry)
{
    static const char *const squash[] = {
        [EXPORTS_ROOT_SQUASH] = "root_squash",
        [EXPORTS_NO_ROOT_SQUASH] = "no_root_squash",
        [EXPORTS_ALL_SQUASH] = "all_squash",
    };
    const struct exports_options *o = &entry->options;
    json_t *export =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "path", entry->path, "backend",
                  "local", "argument", entry->path, "access", o->read_write ? "rw" : "ro",
                  "changes", o->async ? "async" : "sync", "ports",
                  o->insecure ? "insecure" : "secure", "squash", squash[exports_options_squash(o)],
                  "anonuid", (json_int_t)o->anon_uid, "anongid", (json_int_t)o->anon_gid);

    if (export)
        CHECK(json_object_set_new(export, "sec", json_string(o->sec)) == 0 &&
              json_object_set_new(export, "xprtsec", json_string(o->xprtsec)) == 0);
    if (export && o->fsid != 0)
        CHECK(json_object_set_new(export, "fsid", json_integer((json_int_t)o->fsid)) == 0);
    if (export && o->security_label)
        CHECK(json_object_set_new(export, "security_label", json_true()) == 0);
    if (export && !entry->everybody)
        CHECK(json_object_set_new(export, "clients", clients_make(entry)) == 0);
    return export;
}

/* NULL after telling why. */
static json_t *exports_make(const char *name, const struct exports_file *file)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < file->count; i++) {
        json_t *export = export_make(&file->entries[i]);

        if (export && json_array_append_new(list, export) == 0)
            continue;
        complaint_print("%s:%u: %s: refused: the path is not UTF-8, so it cannot be sent", name,
                        file->entries[i].line, file->entries[i].path);
        json_decref(list);
        return NULL;
    }
    return list;
}

/* ---- sending them ---- */

static const char *path_of(const json_t *export)
{
    const char *path = json_string_value(json_object_get(export, "path"));

    return path ? path : "?";
}

/* Take back what has been added before one was refused. */
static void take_back(struct admin_client *client, const json_t *exports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *encoded = admin_client_encode(client, path_of(json_array_get(exports, i))), *path;
        struct admin_reply reply;

        CHECK(asprintf(&path, "/exports/%s", encoded) > 0);
        if (!admin_client_call(client, &(struct admin_request){.method = "DELETE", .path = path},
                               &reply))
            complaint_add("and so this export, which had been added, stays");
        json_decref(reply.json);
        free(path);
        free(encoded);
    }
}

static bool add_all(const struct invocation *call, struct admin_client *client,
                    const json_t *exports)
{
    for (size_t i = 0; i < json_array_size(exports); i++) {
        struct admin_request request = {.method = call->command->method,
                                        .path = call->command->path,
                                        .body = json_array_get(exports, i)};
        struct admin_reply reply;
        bool ok = admin_client_call(client, &request, &reply);

        json_decref(reply.json);
        if (ok)
            continue;
        take_back(client, exports, i);
        complaint_print("nothing is imported");
        return false;
    }
    return true;
}

static void report_print(const struct exports_file *file, const json_t *exports, bool added)
{
    json_t *report = json_pack("{s:o, s:O, s:b}", "remarks", remarks_make(file), "exports", exports,
                               "added", added);

    json_print(report, stdout, false);
    json_decref(report);
}

/* What would be added, or is. */
static int finish(const struct invocation *call, const struct exports_file *file,
                  const json_t *exports, bool is_dry)
{
    if (call->globals[GLOBAL_JSON]) {
        report_print(file, exports, !is_dry);
        return COMMAND_OK;
    }
    remarks_print(call, file);
    for (size_t i = 0; i < json_array_size(exports); i++) {
        part_print(stdout, path_of(json_array_get(exports, i)), " ");
        (void)puts(is_dry ? "would be added" : "added");
    }
    if (json_array_size(exports) == 0)
        (void)puts("the file exports nothing");
    return COMMAND_OK;
}

/* "nothing is imported: 3 refused in lines 2, 7" */
static void refusals_print(const struct exports_file *file)
{
    char lines[LINES_BYTES] = "";
    uint32_t count = 0, last = 0;
    size_t used = 0;

    for (uint32_t i = 0; i < file->remark_count; i++) {
        const struct exports_remark *one = &file->remarks[i];

        if (one->verdict != EXPORTS_REFUSED)
            continue;
        count++;
        if (one->line != last && used + LINE_BYTES < sizeof(lines))
            used +=
                (size_t)snprintf(lines + used, LINE_BYTES, "%s%u", last > 0 ? ", " : "", one->line);
        last = one->line;
    }
    complaint_print("nothing is imported: %u refused in line%s %s%s", count,
                    strchr(lines, ',') ? "s" : "", lines,
                    used + LINE_BYTES < sizeof(lines) ? "" : ", ...");
}

static int refuse(const struct invocation *call, const struct exports_file *file)
{
    json_t *nothing = json_array();

    if (call->globals[GLOBAL_JSON])
        report_print(file, nothing, false);
    else
        remarks_print(call, file);
    json_decref(nothing);
    refusals_print(file);
    return COMMAND_FAILED;
}

/* Those that a server has already, if one can be asked.  False: none could. */
static bool look(const struct invocation *call, const json_t *exports, uint32_t *taken)
{
    struct admin_client *client = resource_client(call);
    struct admin_request request = {.method = "GET", .path = call->command->path, .quiet = true};
    struct admin_reply reply = {0};
    bool ok = client && admin_client_call(client, &request, &reply);

    for (size_t i = 0; ok && i < json_array_size(exports); i++) {
        const json_t *there = json_object_get(reply.json, "items");

        for (size_t j = 0; j < json_array_size(there); j++) {
            const char *path = path_of(json_array_get(exports, i));

            if (strcmp(path, path_of(json_array_get(there, j))) != 0)
                continue;
            complaint_print("%s: the server has an export at this path already", path);
            (*taken)++;
        }
    }
    json_decref(reply.json);
    admin_client_destroy(client);
    return ok;
}

/* The directories are not looked at: the file may be here before them. */
static int dry_run(const struct invocation *call, const struct exports_file *file,
                   const json_t *exports)
{
    int code = finish(call, file, exports, true);
    uint32_t taken = 0;

    (void)fflush(stdout);
    if (!look(call, exports, &taken) && !call->globals[GLOBAL_JSON])
        (void)puts("no server was asked whether it has exports at these paths already");
    if (taken == 0)
        return code;
    complaint_print("nothing would be imported");
    return COMMAND_FAILED;
}

static int import_exports(const struct invocation *call, const struct exports_file *file,
                          const json_t *exports)
{
    struct admin_client *client;
    int code = COMMAND_FAILED;

    if (call->options[IMPORT_DRY_RUN])
        return dry_run(call, file, exports);
    client = resource_client(call);
    if (client && add_all(call, client, exports))
        code = finish(call, file, exports, false);
    admin_client_destroy(client);
    return code;
}

int export_import(const struct invocation *call)
{
    const char *name = call->arguments[0];
    struct exports_file file;
    int code = COMMAND_FAILED;
    json_t *exports;
    size_t len;
    char *data = file_read(name, &len);

    if (!data)
        return COMMAND_FAILED;
    exports_file_parse(&file, data, len, exports_client_resolve);
    exports = file.is_refused ? NULL : exports_make(name, &file);
    if (file.is_refused)
        code = refuse(call, &file);
    else if (exports)
        code = import_exports(call, &file, exports);
    json_decref(exports);
    exports_file_fini(&file);
    free(data);
    return code;
}
