"""What the acts in the journal are called: one sentence each, by the key that the services write."""

from typing import Any

from skilleval.domain.accounts import ROLES
from skilleval.services.journal_reading import Entry
from skilleval.web.language import _, marked

#: the kinds of acts, by what stands before the dot
KINDS = {
    "institution": marked("机构档案"), "rules": marked("规则包"), "people": marked("花名册"), "batch": marked("批次"),
    "candidate": marked("报名"), "candidates": marked("考生"), "panels": marked("评审组"), "conflicts": marked("回避"), "duties": marked("职责"),
    "marks": marked("评分"), "schemes": marked("评分办法"), "results": marked("成绩"), "recognition": marked("直接认定"),
    "evidence": marked("佐证材料"), "contests": marked("竞赛"), "appointments": marked("评聘"), "confirmations": marked("转正定级"),
    "notice": marked("公示"), "objection": marked("异议"), "certificates": marked("证书"), "filing": marked("上报"),
    "chains": marked("技能生态链"), "specification": marked("评价规范"),
    "standards": marked("职业标准"), "imports": marked("导入"), "items": marked("考核项目"), "accounts": marked("账号"),
}  # fmt: skip
#: what the journal calls an act → how a person tells of it, after who did it
SENTENCES = {
    "institution.add": marked("建立机构档案"), "institution.change": marked("更改机构档案"), "institution.specification": marked("登记评价规范"),
    "candidate.add": marked("报名"), "people.add": marked("登记人员"),
    "rules.choose": marked("选用规则包"), "people.import": marked("导入花名册"),
    "batch.add": marked("建立批次"), "batch.enrolling": marked("批次进入报名"), "batch.reviewed": marked("批次资格审核完成"),
    "batch.scheduled": marked("批次考务编排完成"), "batch.marking": marked("批次进入评分"),
    "batch.settled": marked("核定成绩"), "batch.noticed": marked("发布公示"),
    "batch.cleared": marked("公示结束"), "batch.certified": marked("完成发证"), "batch.filed": marked("上报"), "batch.archived": marked("批次归档"),
    "batch.cancelled": marked("取消批次"), "batch.staff": marked("调整批次人员"), "batch.extend": marked("延长批次时间"),
    "batch.authority_reason": marked("写明条款不一致仍认定的理由"),
    "candidates.import": marked("导入报名表，判断申报条件"), "candidates.check": marked("重新判断申报条件"),
    "candidates.accept": marked("资格审核通过"), "candidates.refuse": marked("资格审核不通过"),
    "candidates.withdraw": marked("办理退出"),
    "panels.assign": marked("组成评审组"), "panels.absent": marked("登记评审组成员缺席"), "panels.attend": marked("取消评审组成员的缺席"),
    "panels.substitute": marked("增补评审组成员"),
    "conflicts.declare": marked("申报回避情形"), "conflicts.confirmed": marked("认定回避"), "conflicts.dismissed": marked("排除回避"),
    "duties.take": marked("在批次中承担一项职责"),
    "marks.import": marked("导入成绩"), "marks.correct": marked("更正评分"), "marks.adjudicate": marked("裁定评分分歧"),
    "marks.lock": marked("提交并锁定评分"), "marks.unlock": marked("解锁评分"), "marks.double_entry": marked("双人录入纸质评分表"),
    "schemes.define": marked("制定评分办法"), "schemes.import": marked("导入评分表"),
    "results.settle": marked("核定成绩"), "results.correct": marked("更正成绩"), "results.remark": marked("异议成立后重新评分"),
    "recognition.add": marked("建立直接认定案卷"), "recognition.score": marked("填写综合评价表"), "recognition.vote": marked("评审表决"),
    "recognition.decide": marked("作出认定决定"), "evidence.add": marked("登记佐证材料"), "evidence.accepted": marked("采信佐证材料"),
    "evidence.rejected": marked("不采信佐证材料"), "contests.add": marked("登记竞赛"), "contests.import": marked("导入竞赛名次"),
    "contests.promote": marked("按竞赛名次晋级"), "contests.disallow": marked("取消竞赛晋级"), "appointments.nominate": marked("推荐评聘"),
    "appointments.appoint": marked("登记评聘结果"), "confirmations.add": marked("登记转正定级"),
    "notice.publish": marked("发布公示"), "notice.close": marked("结束公示"), "notice.withdraw": marked("撤回公示"),
    "objection.raise": marked("登记异议"), "objection.upheld": marked("异议成立"), "objection.rejected": marked("异议不成立"),
    "certificates.issue": marked("编号发证"), "certificates.import": marked("导入证书编号"),
    "certificates.voided": marked("作废证书"), "certificates.revoked": marked("撤销证书"), "certificates.reissued": marked("补发证书"),
    "certificates.replace": marked("换发证书"), "certificates.print": marked("打印证书"),
    "filing.export": marked("导出上报材料"), "filing.download": marked("下载上报材料"), "filing.answer": marked("登记窗口答复"),
    "standards.confirm": marked("核对职业标准原文"),
    "chains.add": marked("登记技能生态链"), "chains.member_add": marked("增加链员"), "chains.member_leave": marked("链员退出"),
    "chains.member_correct": marked("更正链员的退出日期"),
    "chains.mandate_add": marked("登记服务关系"), "chains.mandate_revoke": marked("撤销服务关系"),
    "specification.draft": marked("起草评价规范"), "specification.drafter_add": marked("增加起草单位"),
    "specification.drafter_leave": marked("起草单位退出"), "specification.review": marked("召开评价规范评审"),
    "specification.opinion": marked("提出评审意见"), "specification.answer": marked("答复评审意见"),
    "specification.conclude": marked("作出评审结论"), "specification.revise": marked("修改评价规范"),
    "specification.approve": marked("批准评价规范"), "specification.abandon": marked("终止起草"),
    "items.add": marked("登记考核项目"), "items.change": marked("更改考核项目"), "items.import": marked("导入考核项目"),
    "items.card": marked("登记任务卡"), "items.retire": marked("停用考核项目"),
    "imports.expire": marked("删除过期未写入的导入文件"),
    "people.change": marked("批量更改花名册"),
    "people.reveal": marked("查看完整证件号码"),
    "people.take_numbers": marked("导出带完整证件号码的名单"), "recognition.evidence": marked("为案卷附上佐证材料"),
    "accounts.first": marked("建立第一个系统管理员"), "accounts.sign_in": marked("登录"),
    "accounts.add": marked("建立账号"), "accounts.grant": marked("授予角色"), "accounts.revoke": marked("收回角色"),
    "accounts.link": marked("账号对应考评员"), "accounts.disable": marked("停用账号"), "accounts.enable": marked("恢复账号"),
    "accounts.reset_password": marked("重设密码"), "accounts.change_password": marked("更改密码"),
    "accounts.totp_on": marked("启用动态口令"), "accounts.totp_off": marked("停用动态口令"),
}  # fmt: skip


#: a role in the journal → how it is called: those of accounts, and where nobody's account acts
_ROLES = {key: role.name_zh for key, role in ROLES.items()} | {"public": marked("公众"), "system": marked("系统")}


def told(action: str) -> str:
    """What an act is called; one that has no sentence shows its key."""
    return _(SENTENCES[action]) if action in SENTENCES else action


def sentence(entry: Entry) -> str:
    """What was done, and in how many rows where they were several."""
    name = told(entry.action)
    return name if entry.rows < 2 else _("{act}（{rows} 条记录）").format(act=name, rows=entry.rows)


def roles(entry: Entry) -> str:
    """The roles in which it was done; the command line's own words as they are."""
    return "、".join(_(_ROLES.get(one, one)) for one in entry.roles)


def install(environment: Any) -> None:
    """Give templates the words of acts."""
    environment.filters.update(act_sentence=sentence, act_roles=roles)
