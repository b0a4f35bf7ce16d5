"""Name lists of the synthetic people: common ones, and the rare ones that break software."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
    "韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
GIVEN_FOR_MEN = _words(
    "伟 强 磊 军 勇 杰 涛 超 明 刚 平 辉 鹏 飞 斌 波 建国 建华 志强 志明 国栋 海涛 俊杰 文博 浩然 "
    "子轩 宇航 立新 永康 家豪 振华 晓东 少华 德胜 金龙 世杰 启明 嘉诚 锦辉 伟雄 润泽 泽楷 卓林 柏年 "
    "承志 望舒 一鸣 长青 树人 开来 树生 泽民 广源"
)
GIVEN_FOR_WOMEN = _words(
    "芳 娜 敏 静 丽 艳 娟 霞 燕 玲 婷 雪 梅 琳 倩 颖 秀英 桂英 淑珍 丽华 晓燕 雪梅 婉仪 嘉欣 思颖 "
    "诗雅 美玲 慧敏 佩珊 绮雯 春兰 秋菊 玉兰 惠芬 少芬 月娥 海燕 小红 文静 雅琴 若彤 欣怡 梓涵 语嫣 "
    "晓岚 明珠 彩虹 素琴 翠云 凤仪 丹青 采薇 沐晴"
)

#: Each of these stands for a way in which a name breaks a program: outside the basic plane, extension A to F,
#: a middle dot, a double surname, four characters, one given character.
RARE_FOR_MEN = (
    "郑䶮",
    "𠮷明远",
    "买买提·艾合买提江",
    "上官云帆",
    "王㐂顺",
    "陈𬱖",
    "尉迟敬安",
    "欧阳一",
    "阿卜杜拉·买买提明",
    "范姜怀远",
)
RARE_FOR_WOMEN = ("李𣲗", "司马晓岚", "古丽娜尔·阿不都热依木", "诸葛明珠", "林㛃", "卓玛央金")

#: One person in this many bears a rare name.
RARE_EVERY = 23
