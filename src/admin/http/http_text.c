/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

enum {
    SIZE_FIRST = 1024
};

void http_text_fini(struct http_text *text)
{
    memory_free(MEMORY_admin, text->data);
    *text = (struct http_text){0};
}

/* Room for `more` bytes and a final NUL. */
static bool text_reserve(struct http_text *text, size_t more)
{
    size_t size = text->size > 0 ? text->size : SIZE_FIRST;
    char *data;

    if (text->failed || more >= LIMIT_ADMIN_REPLY_BYTES - text->len) {
        text->failed = true;
        return false;
    }
    if (text->len + more < text->size)
        return true;
    while (size <= text->len + more)
        size *= 2;
    data = memory_alloc(MEMORY_admin, size);
    if (!data) {
        text->failed = true;
        return false;
    }
    if (text->len > 0)
        memcpy(data, text->data, text->len);
    memory_free(MEMORY_admin, text->data);
    text->data = data;
    text->size = size;
    return true;
}

void http_text_add(struct http_text *text, const char *data, size_t len)
{
    if (!text_reserve(text, len))
        return;
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void http_text_print(struct http_text *text, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !text_reserve(text, (size_t)len))
        return;
    va_start(args, format);
    (void)vsnprintf(text->data + text->len, (size_t)len + 1, format, args);
    va_end(args);
    text->len += (size_t)len;
}
