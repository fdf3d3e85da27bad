/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/dashboard/dashboard.h"

#include <stdio.h>
#include <string.h>

#include "admin/dashboard/dashboard_files.h"
#include "admin/http/http_request.h"

/* The page loads its own files, asks this server alone, and makes no HTML of texts. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static const struct {
    const char *ending, *content_type;
} kinds[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

static const char *content_type(const char *name)
{
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; i < ARRAY_SIZE(kinds) && ending; i++) {
        if (strcmp(ending, kinds[i].ending) == 0)
            return kinds[i].content_type;
    }
    return "application/octet-stream";
}

static const struct dashboard_file *file_lookup(const char *name)
{
    for (size_t i = 0; i < dashboard_file_count; i++) {
        if (strcmp(dashboard_files[i].name, name) == 0)
            return &dashboard_files[i];
    }
    return NULL;
}

/* A browser keeps it, and asks each time whether it is still the same. */
static void file_send(struct http_request *request, const char *name)
{
    const struct dashboard_file *file = file_lookup(name);
    struct http_reply *reply = &request->reply;

    if (!file) {
        http_reply_problem(reply, 404, "there is nothing at this path", NULL);
        return;
    }
    reply->caching = "no-cache";
    reply->policy = policy;
    (void)snprintf(reply->etag, sizeof(reply->etag), "%s", file->tag);
    if (http_reply_known(request))
        return;
    reply->content_type = content_type(name);
    http_text_add(&reply->body, (const char *)file->data, file->len);
}

static void page_show(struct http_request *request, void *context)
{
    (void)context;
    file_send(request, "index.html");
}

static void file_show(struct http_request *request, void *context)
{
    (void)context;
    file_send(request, request->args.of[0]);
}

const struct http_route dashboard_routes[DASHBOARD_ROUTES] = {
    {"GET", "/", HTTP_READ | HTTP_ANYBODY, page_show},
    {"GET", "/dashboard/{file}", HTTP_READ | HTTP_ANYBODY, file_show},
};
