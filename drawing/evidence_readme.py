"""README.txt of an evidence folder: for somebody who has never heard of this system."""

README = """\
专家抽取证据（expert-draw/1）

这个文件夹（或 zip）是一次评标专家抽取活动的全部证据。任何人都可以在不联网、不信任本系统运营者的情况下核验：
专家池与抽取条件在种子产生之前已经固定；种子不能由运营者单独决定；每一位专家都是按次序依次抽取的；
每个“未接通”都有呼叫证据；事后没有改动任何一条记录。

文件
  transcript.jsonl  记录链。每行一条，含上一条的哈希值和服务的签名。
  pool.jsonl        专家池。每行一位专家，编号只在本活动中有效；公开形式不含个人事实，监督形式附事实与盐值。
  calls.jsonl       每次呼叫的证据，与记录链中的哈希值对应。
  ledger.json       台账证明：本活动的每次承诺与封存都在公共台账之中。
  service.pub       服务的签名公钥（Ed25519）。请与另行取得的指纹比对。
  README.txt        本说明。

怎样核验
  需要 Python 3.11 或更新版本和本系统公开的源代码，不需要其他软件（装有 cryptography 时另核验签名）：

      python -m drawing verify 本文件夹 [--key 公钥指纹] [--commit 承诺指纹] [--share 见证数字]

  结束码 0：所核验的各项成立；1：有不符，报告指明是哪一条；2：抽取尚未封存或内容尚未公开，到时须再核验。
  见证人请用 --commit 和 --share 给出自己当时记下的 20 位指纹和数字。

解密之前
  此时证据不含见证数字和系统份额（相应两类记录只有哈希值，标为 withheld），也不含任何可以认出专家的内容。

不用本系统的程序也可以核验
  全部算法只有 SHA-256、HMAC-SHA-256、Ed25519、RFC 6962 树和规范 JSON（RFC 8785），见源代码 docs/expert-draw-1.md。
"""
