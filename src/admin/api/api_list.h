/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a page while they are gathered: as many as were asked for, and as fit in a reply. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/api/api_page.h"
#include "base/check.h"

struct api_list {
    json_t *items; /* an array; NULL: there is no memory */
    uint32_t left; /* items that are still wanted */
    size_t room;   /* bytes that are left, about */
};

void api_list_begin(struct api_list *list, const struct api_page *page);

/* The item, which is given away, takes some 800 bytes and those of these `texts`.  False: it was
 * the last of the page. */
bool api_list_add(struct api_list *list, json_t *item, size_t texts) MUST_USE;
