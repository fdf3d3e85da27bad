/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_refusal.h"

#include "base/check.h"

const char *gss_refusal_name(enum gss_refusal refusal)
{
    static const char *const names[] = {
#define X(name, help) #name,
        GSS_REFUSALS(X)
#undef X
    };

    CHECK((unsigned)refusal < GSS_REFUSAL_COUNT);
    return names[refusal];
}
