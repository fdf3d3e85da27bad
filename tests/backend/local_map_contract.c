/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: objects found by map, acting as callers where possible. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.parent = "/dev/shm";
    local_setting.finding = LOCAL_FIND_BY_MAP;
    return local_contract_main("local_map", argc, argv);
}
