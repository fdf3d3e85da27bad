/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_clientid.h"

#include <inttypes.h>

#include "admin/api/api_id.h"
#include "admin/http/http_request.h"

json_t *api_clientid(uint64_t clientid)
{
    return json_sprintf("%016" PRIx64, clientid);
}

bool api_clientid_parse(const char *text, uint64_t *clientid)
{
    uint8_t bytes[sizeof(*clientid)];

    if (!api_id_parse(text, bytes, sizeof(bytes)))
        return false;
    *clientid = 0;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        *clientid = *clientid << 8 | bytes[i];
    return true;
}

bool api_clientid_read(struct http_request *request, uint64_t *clientid)
{
    const char *text = http_query(request, "client");

    *clientid = 0;
    if (!text || api_clientid_parse(text, clientid))
        return true;
    http_reply_problem(&request->reply, 400,
                       "parameter 'client' wants the ID of a client: 16 hexadecimal digits", NULL);
    return false;
}
