/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one JSON object.  Docs and tests rely on its members.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/attribute_name.h"
#include "cli/probe_print.h"
#include "cli/probe_security.h"
#include "client/client_security.h"

static json_t *minors(const struct probe *probe)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < PROBE_MINORS; i++) {
        const struct probe_minor *minor = &probe->minors[i];

        json_array_append_new(
            list, json_pack("{s:i, s:b, s:s}", "minor", (int)i, "offered", minor->offered, "answer",
                            minor->answer == CLIENT_OK ? status_name(minor->status)
                                                       : client_status_name(minor->answer)));
    }
    return list;
}

/* Not every JSON reader takes 64-bit unsigned integers: use a string of decimal digits. */
static json_t *server(const struct probe_server *server)
{
    json_t *implementation = json_null();
    char owner_minor[24];

    if (server->has_implementation)
        implementation = json_pack("{s:s, s:s, s:I}", "domain", server->domain, "name",
                                   server->name, "date_s", (json_int_t)server->date.seconds);
    (void)snprintf(owner_minor, sizeof(owner_minor), "%" PRIu64, server->owner_minor);
    return json_pack("{s:s, s:s, s:s, s:I, s:o}", "owner_major", server->owner_major, "owner_minor",
                     owner_minor, "scope", server->scope, "flags", (json_int_t)server->flags,
                     "implementation", implementation);
}

static json_t *channel(const struct channel_attrs4 *attrs)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "max_request_bytes", (json_int_t)attrs->ca_maxrequestsize,
        "max_response_bytes", (json_int_t)attrs->ca_maxresponsesize, "max_cached_response_bytes",
        (json_int_t)attrs->ca_maxresponsesize_cached, "max_operations",
        (json_int_t)attrs->ca_maxoperations, "slots", (json_int_t)attrs->ca_maxrequests);
}

static json_t *session(const struct probe *probe)
{
    const struct client_session *s = &probe->session;

    return json_pack("{s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:{s:o, s:o}}", "persistent",
                     (s->flags & CREATE_SESSION4_FLAG_PERSIST) != 0, "back_channel",
                     (s->flags & CREATE_SESSION4_FLAG_CONN_BACK_CHAN) != 0, "highest_slot",
                     (json_int_t)s->highest_slot, "target_highest_slot",
                     (json_int_t)s->target_highest_slot, "status_flags",
                     (json_int_t)s->status_flags, "fore", channel(&s->fore), "back",
                     channel(&s->back), "asked", "fore", channel(&probe->wish.fore), "back",
                     channel(&probe->wish.back));
}

static json_t *attributes(const struct bitmap4 *map)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        char number[16];

        (void)snprintf(number, sizeof(number), "%" PRIu32, i);
        if (bitmap4_isset(map, i))
            json_array_append_new(list,
                                  json_string(attribute_name(i) ? attribute_name(i) : number));
    }
    return list;
}

static json_t *flavors(const struct probe_directory *dir)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < dir->flavor_count; i++) {
        char number[PROBE_FLAVOR_BYTES];

        json_array_append_new(list, json_string(probe_security_name(&dir->flavors[i], number)));
    }
    return list;
}

static json_t *security(const struct probe *probe)
{
    const struct client_security *used = probe->cred.security;
    const struct probe_tls *tls = &probe->tls;
    json_t *session = json_null();

    if (tls->used)
        session = json_pack("{s:s, s:s, s:s, s:s, s:I}", "version", tls->version, "suite",
                            tls->suite, "subject", tls->subject, "names", tls->names, "not_after_s",
                            (json_int_t)tls->not_after);
    return json_pack("{s:s, s:b, s:o}", "flavor",
                     client_sec_name(used ? used->sec : CLIENT_SEC_SYS), "tls_offered",
                     tls->offered, "tls", session);
}

static json_t *directory(const struct probe_directory *dir, const struct probe_directory *root)
{
    json_t *object = json_pack("{s:s, s:b, s:s}", "path", dir->path, "file_system",
                               dir->file_system, "status", status_name(dir->status));
    char fsid[48];

    (void)snprintf(fsid, sizeof(fsid), "%" PRIu64 ":%" PRIu64, dir->fsid.major, dir->fsid.minor);
    if (dir->flavor_count > 0)
        json_object_set_new(object, "sec", flavors(dir));
    if (dir->fh.len > 0)
        json_object_set_new(object, "fsid", json_string(fsid));
    if (dir->file_system && (dir == root || memcmp(dir->supported.words, root->supported.words,
                                                   sizeof(root->supported.words)) != 0))
        json_object_set_new(object, "supported_attrs", attributes(&dir->supported));
    return object;
}

static json_t *directories(const struct probe_tree *tree)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->directories[i].shown)
            json_array_append_new(list, directory(&tree->directories[i], &tree->directories[0]));
    return list;
}

bool probe_print_json(const struct probe *probe)
{
    json_t *report = json_pack("{s:s, s:o, s:o, s:i, s:o, s:o, s:I, s:{s:b, s:o}}", "target",
                               probe->target, "security", security(probe), "minor_versions",
                               minors(probe), "minor_used", (int)probe->minor, "server",
                               probe->minor > 0 ? server(&probe->server) : json_null(), "session",
                               probe->minor > 0 ? session(probe) : json_null(), "lease_time_s",
                               (json_int_t)probe->tree.lease_time_s, "tree", "complete",
                               !probe->tree.truncated, "directories", directories(&probe->tree));
    bool ok = report && json_dumpf(report, stdout, JSON_INDENT(2)) == 0 && putchar('\n') == '\n';

    json_decref(report);
    return ok;
}
