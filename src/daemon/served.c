/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/served.h"

#include <stdlib.h>

#include "base/check.h"
#include "daemon/exports.h"

static void add(struct served *served, const struct export_spec *spec, bool secure)
{
    struct served_export *last;

    if (served->count == LIMIT_EXPORTS)
        return; /* those that are stored and cannot be served come behind these */
    last = &served->exports[served->count++];
    export_spec_copy(&last->spec, spec);
    last->secure = secure;
}

static void add_shown(const struct export_shown *shown, void *arg)
{
    if (shown->service == EXPORT_SERVED)
        add(arg, shown->spec, shown->secure);
}

void served_init(struct served *served, struct exports *exports)
{
    *served = (struct served){.exports = must_calloc(LIMIT_EXPORTS, sizeof(*served->exports))};
    (void)exports_visit(exports, NULL, add_shown, served);
}

void served_init_configured(struct served *served, const struct config *config)
{
    *served = (struct served){.exports = must_calloc(LIMIT_EXPORTS, sizeof(*served->exports))};
    for (uint32_t i = 0; i < config->export_count; i++)
        add(served, &config->exports[i], false);
}

void served_copy(struct served *to, const struct served *from)
{
    *to = (struct served){.exports = must_calloc(LIMIT_EXPORTS, sizeof(*to->exports))};
    for (uint32_t i = 0; i < from->count; i++)
        add(to, &from->exports[i].spec, from->exports[i].secure);
}

void served_fini(struct served *served)
{
    for (uint32_t i = 0; i < served->count; i++)
        export_spec_fini(&served->exports[i].spec);
    free(served->exports);
    *served = (struct served){0};
}
