/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that grows: the body of a reply.  It is counted as MEMORY_admin.  Once an allocation has
 * failed, or the text has reached LIMIT_ADMIN_REPLY_BYTES, it stays `failed` and takes no more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct http_text {
    char *data;
    size_t len, size;
    bool failed;
};

void http_text_fini(struct http_text *text);

void http_text_add(struct http_text *text, const char *data, size_t len);

/* Formats as printf() does. */
void http_text_print(struct http_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
