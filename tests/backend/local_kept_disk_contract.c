/* SPDX-License-Identifier: Apache-2.0 */
/* The same on a disk, and by map. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.parent = "/tmp";
    local_setting.finding = LOCAL_FIND_BY_MAP;
    local_setting.sole_changer = true;
    return local_contract_main("local_kept_disk", argc, argv);
}
