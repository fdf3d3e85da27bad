/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_request.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const struct {
    unsigned status;
    const char *title;
} titles[] = {
    {400, "Bad request"},
    {401, "No valid token"},
    {403, "Forbidden"},
    {404, "No such resource"},
    {405, "Method not allowed"},
    {409, "Conflict with the state of the resource"},
    {412, "The resource has changed"},
    {413, "Request too large"},
    {431, "Header too large"},
    {415, "Not this kind of content"},
    {422, "Refused"},
    {500, "Fault of the server"},
    {503, "Service unavailable"},
};

static const char *title_of(unsigned status)
{
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
        if (titles[i].status == status)
            return titles[i].title;
    }
    return "Error";
}

static int body_add(const char *data, size_t len, void *text)
{
    http_text_add(text, data, len);
    return 0;
}

/* What was in the body before is dropped. */
static void body_set(struct http_reply *reply, json_t *value)
{
    http_text_fini(&reply->body);
    if (!value || json_dump_callback(value, body_add, &reply->body, JSON_COMPACT) != 0)
        reply->body.failed = true;
    http_text_add(&reply->body, "\n", 1);
    json_decref(value);
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* A detail may quote a request: there is '?' for control characters, and if it is no UTF-8, for all
 * bytes that are not ASCII. */
static json_t *detail_json(const char *detail)
{
    json_t *value;
    char shown[512];

    (void)snprintf(shown, sizeof(shown), "%s", detail);
    for (char *c = shown; *c != '\0'; c++) {
        if (is_control(*c))
            *c = '?';
    }
    value = json_string(shown);
    if (value)
        return value;
    for (char *c = shown; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    }
    return json_string(shown);
}

void http_reply_problem(struct http_reply *reply, unsigned status, const char *detail,
                        json_t *reasons)
{
    json_t *problem = json_pack("{s:s, s:i, s:o}", "title", title_of(status), "status", (int)status,
                                "detail", detail_json(detail));

    if (reasons && problem)
        (void)json_object_set_new(problem, "reasons", reasons);
    else
        json_decref(reasons);
    reply->status = status;
    reply->content_type = "application/problem+json";
    reply->etag[0] = '\0';
    reply->caching = reply->policy = NULL;
    body_set(reply, problem);
}

void http_reply_json(struct http_reply *reply, json_t *value)
{
    reply->status = 200;
    reply->content_type = "application/json";
    body_set(reply, value);
}

void http_reply_done(struct http_reply *reply)
{
    http_text_fini(&reply->body);
    reply->status = 204;
    reply->content_type = NULL;
}

/* Entity tags have neither quotes nor commas, so the quotes say where one begins and ends. */
bool http_reply_known(struct http_request *request)
{
    struct http_reply *reply = &request->reply;
    char quoted[HTTP_ETAG_BYTES + 2];

    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", reply->etag);
    if (!request->if_none_match || reply->etag[0] == '\0' ||
        (strcmp(request->if_none_match, "*") != 0 && !strstr(request->if_none_match, quoted)))
        return false;
    http_text_fini(&reply->body);
    reply->status = 304;
    reply->content_type = NULL;
    return true;
}
