/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of the REST interface, a page at a time: the parameters `limit` and `after`, and the reply
 * {"items": [...], "next": CURSOR}.  The cursor is whatever the list needs to go on; to others it
 * has no meaning.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct http_request;

enum {
    API_CURSOR_BYTES = 64 /* with its NUL */
};

struct api_page {
    uint32_t limit;               /* at least 1 */
    char after[API_CURSOR_BYTES]; /* "": from the beginning */
};

/* Read the two parameters.  False: the reply is a problem.  The handler calls http_query_check()
 * first, with these names and its own, and reads the cursor. */
bool api_page_read(struct http_request *request, struct api_page *page) MUST_USE;

/* The reply is a problem: `after` is no cursor of this list. */
void api_page_refuse(struct http_request *request);

/* `items` is given away.  `next`: the cursor of the next page; NULL or "": this is the last one. */
void api_page_reply(struct http_request *request, json_t *items, const char *next);
