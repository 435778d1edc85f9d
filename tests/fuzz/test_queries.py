"""SQL of whoever asks reads stored tables and nothing else: no file, no address, no pointer, no setting."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from qc.domain.run import Lineage
from qc.errors import QcError
from qc.storage.read import StoredRun
from qc.storage.sql import Database

ATTACKS = """
select * from read_blob('FILE')
select * from read_text(['FILE'])
select * from read_ndjson('FILE')
select * from read_csv_auto('FILE')
select * from parquet_metadata('FILE')
select * from parquet_scan(['FILE'])
select * from sniff_csv('FILE')
select * from 'file://FILE'
select * from read_csv('http://127.0.0.1:9/x')
select * from sqlite_scan('FILE', 'y')
select * from read_duckdb('FILE')
from query('select * from read_text(''FILE'')')
from query_table('FILE')
explain analyze select * from read_text('FILE')
explain copy turns to 'OUT'
copy (select 1) to 'OUT'
export database 'OUT'
import database 'OUT'
attach 'OUT'
load 'FILE'
create secret s (type s3)
with a as (insert into turns values (1)) select 1
create macro f() as 1
comment on table turns is 'x'
set variable a = 1
reset all
call pragma_version()
checkpoint
vacuum
prepare x as select 1
execute x
select getenv('HOME')
select * from arrow_scan(1, 2, 3)
select * from pandas_scan(94000000000)
from arrow_scan_dumb(1, 1, 1)
select add_parquet_key('k', '0123456789012345')
select * from pragma_storage_info('turns')
select * from glob('FOLDER/*')
select 1; copy turns to 'OUT'
""".strip().split("\n")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database([StoredRun(tmp_path_factory.mktemp("run"), Lineage(run_id="r"))], memory="100MB")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_query_reads_no_file_and_writes_none(attack: str, database: Database, tmp_path: Path) -> None:
    file, out = tmp_path / "secret.csv", tmp_path / "out"
    file.write_text("密码,九五二七\n", "utf-8")
    sql = attack.replace("FILE", str(file)).replace("OUT", str(out)).replace("FOLDER", str(tmp_path))
    with pytest.raises(QcError) as refused:
        database.ask(sql).read_all()
    assert "九五二七" not in refused.value.message
    assert list(tmp_path.iterdir()) == [file]
