/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export_command.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/complaint.h"
#include "cli/export_text.h"
#include "cli/json_print.h"
#include "cli/printable.h"
#include "cli/resource_command.h"

static void print_warnings(const json_t *reply)
{
    const json_t *line;
    size_t i;

    json_array_foreach(json_object_get(reply, "warnings"), i, line)
        complaint_print("%s", json_string_value(line));
}

static void tell(const struct invocation *call, const struct admin_reply *reply, const char *path)
{
    char *shown;

    if (call->globals[GLOBAL_JSON]) {
        json_t *nothing = json_object();

        json_print(reply->json ? reply->json : nothing, stdout, false);
        json_decref(nothing);
        return;
    }
    shown = printable_text(path);
    (void)printf("%s %s\n", shown, call->command->done);
    free(shown);
    print_warnings(reply->json);
}

/* Send the export.  Returns the exit status. */
static int send(const struct invocation *call, struct admin_client *client,
                const struct admin_request *request)
{
    const char *path = json_string_value(json_object_get(request->body, "path"));
    struct admin_reply reply = {0};
    int code = COMMAND_FAILED;

    if (admin_client_call(client, request, &reply)) {
        tell(call, &reply, path ? path : "");
        code = COMMAND_OK;
    }
    json_decref(reply.json);
    return code;
}

int export_add(const struct invocation *call)
{
    char error[EXPORT_TEXT_ERROR_BYTES];
    json_t *export = export_text_parse(call->arguments[0], error);
    struct admin_request request = {.method = "POST", .path = call->command->path, .body = export};
    struct admin_client *client;
    int code;

    if (!export) {
        complaint_print("export add: %s", error);
        return COMMAND_USAGE;
    }
    client = resource_client(call);
    code = client ? send(call, client, &request) : COMMAND_FAILED;
    admin_client_destroy(client);
    json_decref(export);
    return code;
}

/* ---- set ---- */

/* Members of what is shown whose values are those of the same key. */
static const char *const same[] = {"path",        "backend", "argument",       "squash",
                                   "anonuid",     "anongid", "fsid",           "sec",
                                   "strict_utf8", "xprtsec", "security_label", "attribute_cache"};

/* Those that are true or false, where the key has a word. */
static const struct {
    const char *member, *key, *if_true, *if_false;
} words[] = {
    {"read_only", "access", "ro", "rw"},
    {"sync", "changes", "sync", "async"},
    {"secure", "ports", "secure", "insecure"},
};

/* What is shown of an export, as the body of a request that makes the same. */
static json_t *request_body(const json_t *shown)
{
    static const char *const lists[] = {"clients", "tls_peer", "tls_user"};
    json_t *body = json_object();

    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        json_t *value = json_object_get(shown, same[i]);

        if (value && !json_is_null(value))
            CHECK(json_object_set(body, same[i], value) == 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const json_t *value = json_object_get(shown, words[i].member);

        if (json_is_boolean(value))
            CHECK(json_object_set_new(body, words[i].key,
                                      json_string(json_is_true(value) ? words[i].if_true
                                                                      : words[i].if_false)) == 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        json_t *list = json_object_get(shown, lists[i]);

        if (json_array_size(list) > 0)
            CHECK(json_object_set(body, lists[i], list) == 0);
    }
    return body;
}

static int change(const struct invocation *call, struct admin_client *client, const char *path)
{
    char error[EXPORT_TEXT_ERROR_BYTES];
    struct admin_reply before = {0};
    struct admin_request request = {.method = "PUT", .path = path};
    json_t *body = NULL;
    int code = COMMAND_FAILED;

    if (admin_client_call(client, &(struct admin_request){.method = "GET", .path = path},
                          &before)) {
        body = request_body(before.json);
        request.body = body;
        request.if_match = *before.etag ? before.etag : NULL;
        if (export_text_apply(body, call->arguments[1], error)) {
            code = send(call, client, &request);
        } else {
            complaint_print("export set: %s", error);
            code = COMMAND_USAGE;
        }
    }
    json_decref(body);
    json_decref(before.json);
    return code;
}

int export_set(const struct invocation *call)
{
    struct admin_client *client = resource_client(call);
    char *path = client ? resource_path(call, client) : NULL;
    int code = path ? change(call, client, path) : COMMAND_FAILED;

    free(path);
    admin_client_destroy(client);
    return code;
}
