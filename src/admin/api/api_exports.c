/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_exports.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api/api_body.h"
#include "admin/api/api_revision.h"
#include "admin/api/api_text.h"
#include "admin/api/api_users.h"
#include "admin/endpoint.h"
#include "admin/export_control.h"
#include "admin/http/http_request.h"

/* ---- what is shown ---- */

static const char *squash_name(enum export_squash squash)
{
    switch (squash) {
    case EXPORT_ROOT_SQUASH:
        return "root_squash";
    case EXPORT_NO_ROOT_SQUASH:
        return "no_root_squash";
    case EXPORT_ALL_SQUASH:
        return "all_squash";
    }
    return "?";
}

static const char *origin_name(enum export_origin origin)
{
    switch (origin) {
    case EXPORT_BY_OPTION:
        return "option";
    case EXPORT_BY_FILE:
        return "file";
    case EXPORT_BY_ADMIN:
        return "stored";
    }
    return "?";
}

static const char *service_name(enum export_service service)
{
    switch (service) {
    case EXPORT_SERVED:
        return "served";
    case EXPORT_OVERRULED:
        return "overruled";
    case EXPORT_NOT_SERVED:
        return "failed";
    }
    return "?";
}

static json_t *clients_json(const struct export_spec *spec)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < spec->client_count; i++) {
        const struct export_client *client = &spec->clients[i];
        char address[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN + 8];

        (void)inet_ntop(client->family, client->addr, address, sizeof(address));
        (void)snprintf(text, sizeof(text), "%s/%u", address, client->prefix_bits);
        (void)json_array_append_new(list, json_string(text));
    }
    return list;
}

static json_t *text_json(const char *text)
{
    return api_text(text, strlen(text));
}

static json_t *rules_json(const struct export_rules *rules)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < rules->count; i++)
        (void)json_array_append_new(list, text_json(rules->of[i]));
    return list;
}

static json_t *export_json(const struct export_shown *shown)
{
    const struct export_spec *spec = shown->spec;
    char sec[EXPORT_SECURITY_TEXT_BYTES], xprtsec[EXPORT_SECURITY_TEXT_BYTES];
    json_t *fsid = spec->has_fsid ? json_integer((json_int_t)spec->fsid) : json_null();
    json_t *uses = json_pack("{s:I, s:I, s:I}", "clients", (json_int_t)shown->uses.clients, "opens",
                             (json_int_t)shown->uses.opens, "delegations",
                             (json_int_t)shown->uses.delegations);

    json_t *why = shown->why ? text_json(shown->why) : json_null();

    (void)export_security_print_flavors(&spec->security, sec, sizeof(sec));
    (void)export_security_print_xprtsecs(&spec->security, xprtsec, sizeof(xprtsec));
    return json_pack(
        "{s:o, s:s, s:o, s:b, s:b, s:b, s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:b, s:b, s:s, s:s, "
        "s:s, s:o, s:o}",
        "path", text_json(spec->path), "backend", spec->backend, "argument", text_json(spec->arg),
        "read_only", spec->read_only, "sync", !spec->async, "secure", shown->secure, "sec", sec,
        "xprtsec", xprtsec, "tls_peer", rules_json(&spec->tls_peers), "tls_user",
        rules_json(&spec->tls_users), "squash", squash_name(spec->squash), "anonuid",
        (json_int_t)spec->anon_uid, "anongid", (json_int_t)spec->anon_gid, "clients",
        clients_json(spec), "fsid", fsid, "strict_utf8", spec->strict_utf8, "security_label",
        spec->security_label, "attribute_cache", export_attributes_name(spec->attributes), "origin",
        origin_name(shown->origin), "state", service_name(shown->service), "reason", why, "uses",
        uses);
}

/* What a reply shows. */
struct view {
    json_t *json;
    uint64_t revision;
};

static void show_in_list(const struct export_shown *shown, void *arg)
{
    struct view *view = arg;

    view->revision = shown->revision;
    (void)json_array_append_new(view->json, export_json(shown));
}

static void show_one(const struct export_shown *shown, void *arg)
{
    struct view *view = arg;

    view->revision = shown->revision;
    view->json = export_json(shown);
}

void api_exports_list(struct http_request *request, void *context)
{
    const struct export_control *control = ((const struct endpoint *)context)->exports;
    struct view list = {0};

    if (!http_query_check(request, NULL, 0))
        return;
    list.json = json_array();
    (void)control->visit(control->context, NULL, show_in_list, &list);
    if (list.revision > 0)
        api_revision_tag(request, list.revision);
    http_reply_json(&request->reply, json_pack("{s:o}", "items", list.json));
}

/* ---- requests ---- */

/* Its lines become the reasons of a problem, or the list of changes. */
static void take_line(void *context, const char *text)
{
    (void)json_array_append_new(context, text_json(text));
}

/* The path of the request, to be freed.  NULL: the reply is a problem. */
static char *path_read(struct http_request *request)
{
    const char *text = request->args.of[0];
    char *path = export_path_normalise(text, strlen(text));

    if (!path)
        http_reply_problem(&request->reply, 404,
                           "no export has such a path: it is absolute, without '.' and '..'", NULL);
    return path;
}

/* ?force=true.  False: the reply is a problem. */
static bool force_read(struct http_request *request, bool *force)
{
    static const char *const names[] = {"force"};

    return http_query_check(request, names, ARRAY_SIZE(names)) &&
           http_query_flag(request, "force", force);
}

/* The body with this path, as JSON in one line, to be freed.  NULL: the reply is a problem. */
static char *body_read(struct http_request *request, const char *path)
{
    json_t *body = api_body_object(request, NULL, 0);
    char *text = NULL;

    if (!body)
        return NULL;
    if (path && !json_object_get(body, "path"))
        (void)json_object_set_new(body, "path", json_string(path));
    text = json_dumps(body, 0);
    if (!text)
        http_reply_problem(&request->reply, 503, "no memory", NULL);
    json_decref(body);
    return text;
}

/* `reasons` is given away. */
static void reply_failure(struct http_request *request, enum export_result result, json_t *reasons)
{
    static const struct {
        unsigned status;
        const char *detail;
    } of[] = {
        [EXPORT_UNKNOWN] = {404, "there is no such export"},
        [EXPORT_FOREIGN] = {409, "the export belongs to the configuration of the server"},
        [EXPORT_EXISTS] = {409, "there is an export at this path already"},
        [EXPORT_IN_USE] = {409, "clients use the export; if it is removed by force, they lose what "
                                "they have open"},
        [EXPORT_REFUSED] = {422, "the server cannot export that"},
        [EXPORT_BUSY] = {503, "the server cannot do that now"},
        [EXPORT_CHANGED] = {412, "the exports have changed meanwhile: read them again"},
        [EXPORT_FAILED] = {500, "the change cannot be stored"},
    };

    http_reply_problem(&request->reply, of[result].status, of[result].detail, reasons);
}

static bool expected_read(struct http_request *request, struct export_report *report)
{
    return api_revision_expected(request, "exports", 0, &report->expected);
}

/* `warnings` is given away; NULL: nothing was changed, so there are none. */
static void reply_export(struct http_request *request, const struct export_control *control,
                         const char *path, unsigned status, json_t *warnings)
{
    struct view one = {0};

    if (!control->visit(control->context, path, show_one, &one)) {
        json_decref(warnings);
        reply_failure(request, EXPORT_UNKNOWN, NULL);
        return;
    }
    if (json_array_size(warnings) > 0)
        (void)json_object_set(one.json, "warnings", warnings);
    json_decref(warnings);
    api_revision_tag(request, one.revision);
    http_reply_json(&request->reply, one.json);
    if (request->reply.status == 200)
        request->reply.status = status;
}

void api_exports_show(struct http_request *request, void *context)
{
    const struct export_control *control = ((const struct endpoint *)context)->exports;
    char *path;

    if (!http_query_check(request, NULL, 0))
        return;
    path = path_read(request);
    if (path)
        reply_export(request, control, path, 200, NULL);
    free(path);
}

/* The path that the body says, as it is exported. */
static char *path_of(const char *text)
{
    json_t *body = json_loads(text, 0, NULL);
    const char *said = json_string_value(json_object_get(body, "path"));
    char *path = said ? export_path_normalise(said, strlen(said)) : NULL;

    json_decref(body);
    return path;
}

void api_exports_add(struct http_request *request, void *context)
{
    const struct export_control *control = ((const struct endpoint *)context)->exports;
    struct export_report report = {.line = take_line};
    enum export_result result;
    char *body, *path;

    if (!http_query_check(request, NULL, 0) || !expected_read(request, &report))
        return;
    body = body_read(request, NULL);
    if (!body)
        return;
    report.context = json_array();
    result = control->add(control->context, body, &report);
    if (result == EXPORT_DONE) {
        path = path_of(body);
        reply_export(request, control, path, 201, report.context);
        free(path);
    } else {
        reply_failure(request, result, report.context);
    }
    free(body);
}

static void change(struct http_request *request, const struct export_control *control,
                   const char *path, const char *body)
{
    struct export_report report = {.line = take_line};
    enum export_result result;

    if (!expected_read(request, &report))
        return;
    report.context = json_array();
    result = control->change(control->context, path, body, &report);
    if (result != EXPORT_DONE) {
        reply_failure(request, result, report.context);
        return;
    }
    reply_export(request, control, path, 200, report.context);
}

void api_exports_change(struct http_request *request, void *context)
{
    const struct export_control *control = ((const struct endpoint *)context)->exports;
    char *path, *body = NULL;

    if (!http_query_check(request, NULL, 0))
        return;
    path = path_read(request);
    if (path)
        body = body_read(request, path);
    if (body)
        change(request, control, path, body);
    free(body);
    free(path);
}

void api_exports_remove(struct http_request *request, void *context)
{
    const struct export_control *control = ((const struct endpoint *)context)->exports;
    struct export_report report = {.line = take_line};
    enum export_result result;
    char *path;
    bool force;

    if (!force_read(request, &force) || !api_body_none(request) || !expected_read(request, &report))
        return;
    path = path_read(request);
    if (!path)
        return;
    report.context = json_array();
    result = control->remove(control->context, path, force, &report);
    if (result == EXPORT_IN_USE)
        api_users_add(((const struct endpoint *)context)->server, path, report.context);
    free(path);
    if (result != EXPORT_DONE) {
        reply_failure(request, result, report.context);
        return;
    }
    json_decref(report.context);
    http_reply_done(&request->reply);
}

/* `lines` is given away. */
static void reply_reload(struct http_request *request, enum reload_result result, json_t *lines)
{
    switch (result) {
    case RELOAD_DONE:
        http_reply_json(&request->reply, json_pack("{s:o}", "changes", lines));
        return;
    case RELOAD_REFUSED:
        http_reply_problem(&request->reply, 422,
                           "the configuration is not good; nothing of it was changed", lines);
        return;
    case RELOAD_OVERTAKEN:
        http_reply_problem(&request->reply, 409,
                           "two reloads at once; nothing was changed by this one", lines);
        return;
    }
}

void api_exports_reload(struct http_request *request, void *context)
{
    static const char *const names[] = {"force", "dry_run"};
    const struct export_control *control = ((const struct endpoint *)context)->exports;
    struct export_report report = {.line = take_line};
    enum reload_result result;
    bool force, dry;

    if (!http_query_check(request, names, ARRAY_SIZE(names)) ||
        !http_query_flag(request, "force", &force) || !http_query_flag(request, "dry_run", &dry) ||
        !api_body_none(request))
        return;
    report.context = json_array();
    result = dry ? control->foresee(control->context, force, &report)
                 : control->reload(control->context, force, &report);
    reply_reload(request, result, report.context);
}
