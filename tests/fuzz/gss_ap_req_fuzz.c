/* SPDX-License-Identifier: Apache-2.0 */
/* A client's first token, as far as it is read for explanations. */
#include <string.h>

#include "gss/gss_ap_req.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gss_ap_req request;

    if (gss_ap_req_decode(&request, data, size))
        CHECK(gss_ap_req_is_one(data, size) && strlen(request.service) < sizeof(request.service));
    return 0;
}
