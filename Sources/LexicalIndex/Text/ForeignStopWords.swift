/// Words of grammar of other languages than English.
///
/// They tell which language a text is in, and are left out as those of English are.
enum ForeignStopWords {
  /// Whether a lower-case word, with its diacritics, is one of a language's.
  static func contains(_ word: String, _ language: Language) -> Bool {
    all[language]?.contains(word) ?? false
  }

  /// The languages of each word that says which it is.
  static let telling: [String: Languages] = {
    var telling: [String: Languages] = [:]
    for (language, words) in all {
      // Letters stand for much.
      for word in words
      where word.utf8.count > 1 && !english.contains(word) && !StopWords.contains(word) {
        telling[word, default: []].insert(Languages(language))
      }
    }
    return telling
  }()

  /// Words of other languages that an English text may hold, and names of units, tools and places.
  private static let english = words(
    """
    a also am dog hans kan an and are as at be bin bra come con dan de del dem den der des det die dig din dine do don \
    du ed el en end era es et fin for fra god ha had hade han has hat have he her here hers hun i if il im \
    in is it ja je la las le les like lo los ma man mange me men met mi mig min mine mode mod most mot \
    mate my ne ned nej no non nog nor nos noun nu nun of og om on once op or os over pas per pour pro sa \
    se sea sei sen set si sig sin sine sit so solo son sue sur ta te ten the there till to toe ton tot tout \
    tu tun un under up upp us van var vers vi via vid vil von vor voor war ware was we were will woe y ya \
    yo you zu
    """)

  private static let all: [Language: Set<String>] = [
    .german: words(
      """
      aber alle allem allen aller alles als also am an ander andere anderen anderes auch auf aus bei bin \
      bis bist da damit dann das dass dein deine deinen deiner dem den denn der des dessen dich die dies \
      diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einige er \
      es etwas euch euer eure für gegen gewesen hab habe haben hat hatte hatten hier hin hinter ich ihm \
      ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist jede jedem jeden jeder jedes jene jetzt \
      kann kein keine keinem keinen keiner können könnte machen man manche mein meine meinem meinen \
      meiner mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine \
      seinem seinen seiner seit sich sie sind so solche soll sollte sondern sonst über um und uns unser \
      unsere unter viel vom von vor während wann war waren warst warum was weg weil weiter welche welchem \
      welchen welcher wenn wer werde werden wie wieder will wir wird wirst wo wollen wollte worden wurde \
      würde wurden würden zu zum zur zwar zwischen
      """),
    .french: words(
      """
      à ai aie aient ainsi alors as au aucun aucune aussi autre autres aux avaient avais avait avec avez \
      avoir avons car ce ceci cela celle celles celui ces cet cette ceux chaque chez comme comment d dans \
      de depuis des donc dont du elle elles en encore entre es est et étaient étais était étant été êtes \
      être eu eux fait faire fais font il ils j je jusque l la là le les leur leurs lui m ma mais me même \
      mes moi mon n ne ni nos notre nôtre nous on ont ou où par parce pas pendant peu peut plus pour \
      pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si soit sommes son \
      sont sous suis sur t ta tandis te tes toi ton tous tout toute toutes très tu un une vers voici voilà \
      vos votre vous y
      """),
    .spanish: words(
      """
      a al algo algunas algunos ante antes aquel aquella así aún aunque cada como cómo con contra cual \
      cuál cuando cuándo de del desde donde dónde durante e el él ella ellas ellos en entre era eran eres \
      es esa esas ese eso esos está están estaba estaban estamos estar estas estás este esto estos estoy \
      fue fueron fui ha había habían hace hacer hacia han has hasta hay he la las le les lo los más me mi \
      mí mía mis mucho muchos muy nada ni no nos nosotros nuestra nuestras nuestro nuestros o os otra \
      otras otro otros para pero poco por porque qué que quien quién se sea ser si sí siempre sin sino \
      sobre son soy su sus también tampoco tan tanto te tengo tenía tiene tienen toda todas todo todos tu \
      tú tus un una unas uno unos usted ustedes va vosotros voy y ya yo
      """),
    .italian: words(
      """
      a abbiamo ad agli ai al alla alle allo anche ancora avere aveva avevano che chi ci ciò col come con \
      contro così cui da dagli dai dal dalla dalle dallo degli dei del della delle dello dentro di dopo \
      dove e è ed era erano essere fa fare fra già gli ha hai hanno ho i il in io la le lei lo loro lui ma \
      me mi mia mie miei mio molto ne negli nei nel nella nelle nello no noi non nostra nostri nostro o \
      ogni per perché però più poi prima qual quale quali quando quanto quella quelle quelli quello questa \
      queste questi questo qui se sei senza si sia siamo siete solo sono sopra sta stata stati stato su \
      sua sue sugli sui sul sulla sulle suo suoi ti tra tu tua tue tuo tuoi tutta tutte tutti tutto un una \
      uno vi voi
      """),
    .portuguese: words(
      """
      à a ainda algum alguma alguns ao aos aquela aquele aquilo as às até cada com como da das de dela \
      delas dele deles depois do dos e é ela elas ele eles em então entre era eram essa essas esse esses \
      esta está estamos estão estar estas estava estavam este estes estou eu foi foram há isso isto já la \
      lhe lhes mais mas me mesmo meu meus minha minhas muita muito muitos na não nas nem nenhum nessa \
      nesta no nos nós nossa nosso num numa o onde os ou para pela pelas pelo pelos perto por porque quais \
      qual quando quanto que quem se sem sempre ser será seu seus só somos sou sua suas também tão te tem \
      têm tenho ter teu tinha tinham toda todas todo todos tu tua tudo um uma umas uns vai você vocês vou
      """),
    .dutch: words(
      """
      aan al alle alles als altijd ander andere ben bij bijna daar dan dat de der deze die dit doch doen \
      door dus een eens en er ge geen geweest haar had hadden heb hebben heeft hem het hier hij hoe hun \
      iemand iets ik in is ja je jij jou jouw jullie kan kon kunnen maar me meer men met mij mijn moet \
      moeten na naar niet niets nog nooit nu of om omdat onder ons onze ook op over reeds te tegen toch \
      toen tot u uit uw van veel voor waar waarom want waren was wat we wel werd werden wie wij wil worden \
      wordt zal ze zelf zich zij zijn zo zonder zou zouden
      """),
    .swedish: words(
      """
      alla allt att av bara blev bli blir de dem den denna deras dess dessa det detta dig din dina ditt du \
      där därför då efter ej eller en ens er ett från för fått få ha hade han hans har henne hennes hon \
      honom hur här i icke ingen ingenting inget inom inte jag ju kan kunde kommer man med mellan men mig \
      min mina mitt mot mycket måste ni nu när nån någon något några och också om oss på sedan sig sin \
      sina sitt ska skall skulle som så sådan till ut under upp utan vad var vara varför varit varje vars \
      vem vi vid vilka vilken vilket vill våra vår vårt är även över
      """),
    .norwegian: words(
      """
      alle alt at av bare begge ble blei bli blir både da de deg dei deim deira dem den denne der dere \
      deres det dette di din disse ditt du eg ein eit eller en enn er et ett etter for fordi fra før få ha \
      hadde han hans har hennar henne hennes her hjå ho hun hva hvem hver hvilken hvis hvor hvordan hvorfor \
      i ikke ikkje ingen inn ja jeg kan kom korleis kunne kva kvar kvifor man mange med meg meget mellom \
      men mi min mine mitt mot mykje må måtte ned no noe noen nå når og også om opp oss over på samme seg \
      selv si sia sin sine sitt sjøl skal skulle slik som så til um upp ut uten var vart ved vere vi vil \
      ville vore vår være vært vårt å
      """),
    .danish: words(
      """
      ad af aldrig alle alt altid anden at bare begge blev blevet bliver da de dem den denne der deres \
      derfor det dette dig din dine disse dit dog du efter eller en end endnu er et fik for fordi fra få \
      får før gennem godt ham han hans har havde have hende hendes her hos hun hvad hvem hver hvilken hvis \
      hvor hvordan hvorfor hvornår i igen ikke ind ingen intet jeg jer jeres kan kom kun kunne lige man \
      mange med meget mellem men mere mig min mine mit mod må måske ned nej noget nogen nogle nok nu når \
      og også om op os over på se selv selvom sig sin sine sit skal skulle som så sådan til uden ud under \
      var ved vi vil ville vores være været
      """),
    .finnish: words(
      """
      ei eivät eli emme en enää ennen entä että et ette hän häneen hänellä hänen hänet häntä he heidän \
      heille heitä hyvin ihan ilman itse ja jo joka joku jos joskus jossa josta jota jotka jälkeen kaikki \
      kanssa ketkä kenen koko kuin kuinka kuitenkin kuka kun kuten mihin mikä miksi millä milloin minkä \
      minua minulla minulle minun minusta minut minä missä mistä mitä mitkä me meidän meille meillä meitä \
      mukaan mutta myös ne niiden niin niitä noin nuo nyt näin nämä ole olemme olen olet oli olimme \
      olin olisi olivat olla ollut on onko ovat poikki saa se sekä sen siellä siinä siitä sillä sinun sinut \
      sinä sitten sitä tai te teidän tuo tuon tämä tämän tänä tässä tästä tätä vaan vaikka vai vain vielä \
      voi yli
      """),
    .russian: words(
      """
      а без более бы был была были было быть в вам вас вдруг ведь во вот впрочем все всегда всего всех \
      всё всю вы где говорил да даже два для до другой его ее её ей ему если есть еще ещё ж же за зачем \
      здесь и из или им иногда их к как какая какой когда кто куда ли лучше между меня мне много может \
      можно мой моя мы на над надо наконец нас не него нее неё ней нельзя нет ни нибудь никогда ним них \
      ничего но ну о об один он она они опять от перед по под после потом потому почти при про раз разве \
      с сам свою себе себя сейчас со совсем так такой там тебя тем теперь то тогда того тоже только том \
      тот три тут ты у уж уже хоть чего чем через что чтоб чтобы чуть эти этого этой этом этот эту я
      """),
  ]

  private static func words(_ text: String) -> Set<String> {
    // As words of texts are: without letters that are spelt in simple ones.
    Set(text.split(separator: " ").map { TextFolding.lowercase(String($0)) })
  }
}
