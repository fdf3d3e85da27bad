/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_list.h"

#include "base/limits.h"

enum {
    ITEM_BYTES = 800,
    ESCAPE_BYTES = 5 /* \\xNN for a byte, at worst */
};

void api_list_begin(struct api_list *list, const struct api_page *page)
{
    const size_t room = (size_t)LIMIT_ADMIN_REPLY_BYTES / 4 * 3;

    *list = (struct api_list){.items = json_array(), .left = page->limit, .room = room};
}

bool api_list_add(struct api_list *list, json_t *item, size_t texts)
{
    size_t bytes = ITEM_BYTES + ESCAPE_BYTES * texts;

    if (json_array_append_new(list->items, item) != 0) {
        json_decref(list->items);
        list->items = NULL;
    }
    list->left--;
    list->room = list->room > bytes ? list->room - bytes : 0;
    return list->left > 0 && list->room > 0;
}
