"""Invented text of a language: the words that documents are made of, drawn by a seed.

The words mean nothing together, so that no reader can guess one from its neighbours. Made-up
words, numbers and codes stand among them, as names and figures do in real documents.
"""

# ruff: noqa: SIM905 - seeded texts, nothing secret; lists of words are read as text

from __future__ import annotations

import random
from dataclasses import dataclass, field

ENGLISH = """
able account across adjust advice after again agree almost along already amount anchor angle
answer apple April around arrange arrow aside attach autumn average avoid awake badge balance
barley barn basin basket beacon beam before begin behind below bench between beyond bicycle bird
blanket board boat border borrow bottle bottom branch brass bread breeze brick bridge bright bring
broad bronze brush bucket budget build button cabin cable calendar candle canvas carbon careful
cargo carpet carry cattle cause ceiling cellar centre certain chain chair chalk change channel
chapter charge cheese chest chimney choose circle citizen clay clean clear clerk cliff climb clock
cloth cloud coast coffee colour column common compare concern conduct confirm consider contain
copper corner cotton council count country courage cover crane cream credit crew crop cross crowd
current curtain damage danger daylight decide deep deliver depend describe desert device diagram
differ dinner direct discover distance divide doctor double drawer dream drive during eager early
earth easily edge effect efficient eight either elbow electric eleven empty engine enough entire
envelope equal evening event every exact example except exchange expect explain extend fabric fact
factory fail fair family farmer fashion feather fence ferry field figure filter final finger
finish first flag flame flat flavour float flood floor flower fluid follow forest forget formal
forward frame freight fresh friend front fruit garden gate gather general gentle glass glove grain
granite grass gravel great green ground group guard guess guide habit hammer handle happen harbour
hardly harvest hearing heavy height helmet hidden history hollow honest hotel hundred hunger idea
image imagine include income indeed inner insect inside instead invite iron island issue item
jacket January join journey judge juice jungle kettle kitchen knife ladder lake lamp language large
later laugh laundry lawn layer leader leather leave lemon length letter level library light limit
linen liquid listen little lock long loose lower lumber machine magnet main manage manner maple
marble margin market master matter meadow measure medal member memory mention metal middle mineral
minute mirror mixture model modest moment month moon morning motor mountain move music narrow
native nature near needle neighbour nephew network never night noise normal north notice number
object observe ocean offer office often olive onion open orange orbit orchard order ordinary
other outside oven owner oxygen paint palace panel paper parcel parent partner passage pattern
pencil people pepper perhaps permit piano picture pillow pilot pipe planet plastic plate pocket
poem point polish porter position powder prefer present press price print promise proper protect
public pump purple quarter quick quiet rabbit railway rain range rapid rather reach reason record
reflect region regular remain repair report rescue result return ribbon right river roof rough
round rubber safety sailor salmon sample sand scale school science screen season second section
seldom sentence September serve seven several shadow shallow shape sheet shelf shelter shore
shoulder signal silver simple singer sister sketch slope smooth socket soil solid source south
spare speak spirit spoon spring square stable station steam steel stone store storm straight
strange stream street stretch strong student study sudden sugar summer supply support surface
swamp sweet switch table tailor tank taste teacher temper ten tenant tent thick thin thirty thread
ticket timber tissue today tomato tool total tower traffic train travel treat triangle trolley
tunnel turbine twelve umbrella uncle under uniform until upper useful usual valley value vapour
vessel village violin visit voice volume voyage wagon waiter walnut warm water weather weight
western wheat wheel whether whisper window winter wire wisdom within wonder wooden workshop yellow
yesterday young
""".split()
GERMAN = """
Abend aber Abfahrt Absatz ähnlich alle allein Alter Ampel anders Anfang Anlage Apfel April Arbeit
Arm Aufgabe Aufzug Auge Ausgang außen Bäcker Bahnhof bald Balken Bauer Baum Becher Bedarf Beispiel
Berg Bericht Beruf besser Besuch Betrag Betrieb Bett bevor Bild billig Birne bitten blau bleiben
Blume Boden Bogen Brief Brot Brücke Bruder Buch bunt Bürger Büro Butter Dach damals Dampf danach
dann darum Datum Decke denken deutlich dicht dick Dienst doppelt Dorf draußen drehen drei dunkel
dünn durch eben Ecke Ehre Eimer einfach Einkauf Eisen Eltern Ende endlich eng Ente Erbe Erde
Ergebnis erklären Ernte erst Essig etwas Fabrik Faden fahren Fall Farbe Fass fast Feder Fehler
Feier Feld Fenster Ferien fertig fest Feuer finden Finger Fisch flach Flasche Fleisch Flug Fluss
folgen fragen Frau frei fremd Freund frisch früh Frühling fünf Fuß Gabel ganz Garten Gast Gebäude
geben Gebiet Gefahr gegen gehen gelb Geld Gemüse genau genug gerade Gericht gern Gesicht gestern
gesund Gewicht Gewinn Glas gleich Glocke Gold Graben Gras grau Grenze groß grün Grund Gruppe gut
Haar Hafen Hahn halb Hälfte Hals halten Hammer Hand hängen hart Haus Haut heben Heft heiß helfen
hell Hemd Herbst Herr heute Himmel hinter hoch Hof hoffen Höhe Holz hören Huhn Hund hundert Hütte
Idee immer Insel Jahr jeder jemand jetzt jung Junge Kabel Kaffee kalt Kamin Kanne Karte Käse
Kasten kaufen Keller kennen Kessel Kette Kind Kirche Kiste klar Kleid klein Knie Knopf Koch Koffer
Kohle kommen König Kopf Korb Korn Körper Kosten Kraft Kranz Kreis Kreuz Küche Kuchen Kugel kühl
Kuh Kunde Kunst Kupfer kurz Küste Lager Lampe Land lang langsam lassen laufen laut leben leer
legen Lehrer leicht leiden Leine leise Leiter lernen lesen letzte Leute Licht lieb Lied liegen
Linie links Löffel Luft Lust machen Magen Mai malen manche Mann Mantel Markt Maschine Maß Mauer
Meer mehr Meister melden Menge Mensch Messer Metall Miete Milch Minute Mittag Mitte Möbel Monat
Mond Morgen müde Mühle Mund Münze Musik Mutter Nachbar nächste Nacht Nadel Nagel nahe Name Nase
nass Natur Nebel neben Nest Netz neu nichts niedrig niemals Norden nötig Nuss oben Obst oft ohne
Öl Ofen offen Ohr Ordnung Ort Osten Papier Pferd Pflanze Pfund Pilz Platz plötzlich Post Preis
Pumpe Punkt Quelle Rad Rahmen Rand rasch Rat Raum rechnen Recht Regal Regen reich Reihe rein Reise
Rest richtig riechen Ring Rock Rohr rot rufen ruhig rund Saal Sache Sack Saft sagen Salz sammeln
Sand satt Satz sauber Säule schaffen Schale scharf Schatten Scheibe Schere Schiff Schild schlafen
Schlange schlecht Schloss Schlüssel schmal Schnee schnell schön Schrank schreiben Schritt Schuh
Schule Schuss schwach schwarz schwer Schwester See Segel sehen Seide Seife Seil Seite selten
Sessel sicher sieben Silber singen sitzen Sohn Sommer Sonne Sorge sparen spät Speise Spiegel Spiel
Spitze Sprache Stadt Stall stark Staub Stein Stelle Stern Stift still Stimme Stoff Straße Strecke
Strom Stück Stuhl Stunde suchen Süden süß Suppe Tafel Tag Tal Tasche Tasse Teich Teil Teller
Teppich teuer tief Tier Tisch Tochter Topf Tor tragen Traum treffen Treppe trocken Tropfen Tuch
Tür Turm üben über Ufer Uhr Umweg unten unter Urlaub Vater verkaufen Versuch viel vier Vogel voll
Vorrat Waage wachsen Wagen wahr Wald Wand warm warten Wasser Wechsel Weg weich Wein weiß weit
Welle Welt wenig Werk Werkzeug Westen Wetter wichtig Wiese Wind Winter wissen Woche wohnen Wolke
Wolle Wort Wunsch Wurzel Zahl Zahn Zaun zehn Zeichen zeigen Zeit Zettel Ziege Ziegel ziehen Ziel
Zimmer Zucker Zug zwanzig zwei Zweig zwischen
""".split()
CHINESE = """
公司 档案 合同 发票 会议 记录 部门 清单 页数 日期 经办 姓名 逐页 核对 破损 字迹 补齐 查阅 人员 出示
登记 签字 涉及 秘密 文件 阅览 拍照 复印 带出 单位 接待 派人 陪同 费用 加急 处理 纸质 扫描 保存 电子
分辨 年份 代码 流水 具有 同等 效力 发生 争议 为准 仓库 货物 运输 车辆 司机 路线 装卸 包装 重量 体积
温度 湿度 检验 合格 标准 规定 程序 设备 维修 保养 更换 零件 机器 电源 开关 按钮 屏幕 显示 数据 网络
服务 用户 密码 权限 安全 备份 恢复 系统 软件 版本 升级 安装 配置 参数 结果 报告 分析 统计 图表 说明
问题 原因 方法 步骤 目标 计划 任务 进度 质量 成本 预算 收入 支出 利润 税率 账户 银行 付款 收款 价格
数量 金额 折扣 客户 供应 采购 订单 交货 期限 地址 电话 邮件 城市 街道 房屋 面积 租金 押金 水费 电费
学校 学生 老师 课程 教室 考试 成绩 图书 作业 假期 春天 夏天 秋天 冬天 早晨 中午 晚上 星期 月份 季度
山脉 河流 湖泊 海洋 森林 草原 沙漠 土地 天空 云彩 雨水 雪花 阳光 空气 植物 动物 鱼类 鸟类 花朵 果实
苹果 葡萄 西瓜 蔬菜 粮食 牛奶 面包 茶叶 咖啡 餐厅 厨房 桌子 椅子 窗户 门口 楼梯 走廊 花园 广场 公园
医院 医生 护士 药品 病人 健康 运动 比赛 音乐 电影 戏剧 绘画 摄影 旅行 车站 机场 港口 船只 飞机 火车
票据 护照 行李 酒店 房间 前台 早餐 导游 景点 历史 文化 传统 节日 礼物 朋友 家庭 父母 兄弟 姐妹 孩子
工人 农民 商人 律师 记者 作家 科学 技术 研究 实验 材料 金属 塑料 玻璃 木材 石头 棉花 丝绸 颜色 形状
大小 高低 长短 轻重 快慢 冷热 新旧 远近 左右 前后 内外 上下 增加 减少 提高 降低 开始 结束 继续 停止
允许 禁止 要求 建议 同意 反对 支持 参加 组织 管理 领导 决定 选择 比较 检查 测量 计算 记住 忘记 学习
""".split()
JAPANESE = """
書類 資料 会社 部長 社員 契約 請求 納品 倉庫 荷物 住所 電話 予算 費用 料金 支払 銀行 口座 日付 期限
会議 報告 計画 予定 作業 検査 品質 温度 機械 部品 修理 交換 電源 画面 表示 設定 記録 保存 更新 確認
学校 生徒 先生 教室 図書 試験 成績 宿題 休暇 春風 夏祭 秋空 冬山 朝食 昼食 夕食 週末 月曜 火曜 水曜
山道 川岸 海辺 森林 空港 駅前 電車 切符 旅館 温泉 庭園 公園 広場 商店 市場 野菜 果物 牛乳 茶碗 料理
医者 薬局 病院 健康 運動 音楽 映画 写真 絵画 歴史 文化 伝統 手紙 友人 家族 兄弟 姉妹 子供 仕事 技術
""".split()
PARTICLES = tuple("のはをにがとで")
LANGUAGES = ("en", "de", "zh")
_VOCABULARIES = {"en": ENGLISH, "de": GERMAN, "zh": CHINESE, "ja": JAPANESE}
_SYLLABLES = "ba da fe ga hol ka lin mer no pra que ri sten tor ul vex wan yl zor".split()


@dataclass(slots=True)
class Speaker:
    """Says words of a language, drawn by ``chance``."""

    language: str
    chance: random.Random
    _names: set[str] = field(default_factory=set)

    @property
    def wide(self) -> bool:
        """Whether the language puts no spaces between words."""
        return self.language in {"zh", "ja"}

    def word(self) -> str:
        """Return a word; one in twenty is made up."""
        if not self.wide and self.chance.random() < 0.05:
            return self.made_up()
        return self.chance.choice(_VOCABULARIES[self.language])

    def made_up(self) -> str:
        """Return a word that no dictionary has."""
        count = self.chance.randint(3, 4)
        return "".join(self.chance.choice(_SYLLABLES) for _ in range(count)).capitalize()

    def number(self) -> str:
        """Return a number as people write it: 7, 3.25 or 12,480."""
        return self.chance.choice(
            (
                str(self.chance.randint(2, 999)),
                f"{self.chance.randint(1, 99)}.{self.chance.randint(10, 99)}",
                f"{self.chance.randint(1, 99)},{self.chance.randint(100, 999)}",
            )
        )

    def code(self) -> str:
        """Return an article number."""
        letters = "".join(self.chance.choices("ABCDEFGHKLMNPRSTVWXZ", k=2))
        return f"{letters}{self.chance.randint(1000, 9999)}"

    def phrase(self, least: int = 2, most: int = 4) -> str:
        """Return a few words without a stop."""
        words = [self.word() for _ in range(self.chance.randint(least, most))]
        return "".join(words) if self.wide else " ".join(words)

    def name(self) -> str:
        """Return a phrase that was not given before: the name of a row or column."""
        while True:
            name = self.phrase(1, 2)
            if name not in self._names:
                self._names.add(name)
                return name

    def sentence(self) -> str:
        """Return a sentence."""
        words = [self.word() for _ in range(self.chance.randint(6, 16))]
        # Neither stands at the end, where a footnote's mark would follow; and, as Chinese has no
        # spaces, there is always a word between both.
        if self.chance.random() < 0.4:
            words[self.chance.randrange(0, 2)] = self.number()
        if self.chance.random() < 0.2:
            words[self.chance.randrange(3, len(words) - 1)] = self.code()
        middle = self.chance.randrange(2, len(words) - 2)
        if self.language == "ja":
            joined = [w + self.chance.choice(PARTICLES) for w in words]
            return "".join(joined[:middle]) + "、" + "".join(joined[middle:]) + "。"
        if self.wide:
            return "".join(words[:middle]) + "，" + "".join(words[middle:]) + "。"
        words[0] = words[0][:1].upper() + words[0][1:]
        if self.chance.random() < 0.5:
            words[middle] += ","
        return " ".join(words) + "."

    def paragraph(self, least: int = 3, most: int = 6) -> str:
        """Return sentences that stand together."""
        count = self.chance.randint(least, most)
        return ("" if self.wide else " ").join(self.sentence() for _ in range(count))
