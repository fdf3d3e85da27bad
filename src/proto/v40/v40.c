/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/v40/v40.h"

#include <stdlib.h>

#include "proto/v40/duplicate_cache.h"

struct v40 *v40_create(void)
{
    const struct duplicate_cache_config config = {0};
    struct v40 *v40 = must_calloc(1, sizeof(*v40));

    v40->duplicates = duplicate_cache_create(&config);
    return v40;
}

void v40_destroy(struct v40 *v40)
{
    if (!v40)
        return;
    duplicate_cache_destroy(v40->duplicates);
    free(v40);
}

void v40_tick(struct v40 *v40, int64_t now_ns)
{
    duplicate_cache_tick(v40->duplicates, now_ns);
}
