const FIRST =
  'able agile amber bold brave bright brisk calm clever crisp deft eager early exact fair fleet fond fresh frosty gentle glad golden grand hardy hazy honest jolly keen kind lively loyal lucid mellow merry mild modest neat nimble noble placid polite prime proud quick quiet rapid ready robust rosy rustic sage secret serene sharp silent sleek smart snowy solid steady stout sunny swift tidy upbeat valiant vivid warm wise witty zesty'.split(
    ' ',
  );
const SECOND =
  'ant badger bass bat bear bee bird boar buck calf carp cat colt cow crab crane crow cub deer doe dog dove duck eel elk fawn finch fish flea fox frog gnat goat goose grouse hare hawk hen heron hog horse hound jay kit kite koi lamb lark loon lynx mare mink mole moose moth mouse mule newt owl ox perch pig pug quail ram rat robin seal shark sheep shrew shrike skink skunk slug snail snipe sow sponge squid stag stork swan toad trout vole wasp whale wolf worm wren yak'.split(
    ' ',
  );

/** A name such as `brisk-heron-417` for what was given none. */
export function randomName(random: () => number): string {
  const pick = (words: readonly string[]): string =>
    words[Math.floor(random() * words.length)] ?? '';
  return `${pick(FIRST)}-${pick(SECOND)}-${Math.floor(random() * 1000)}`;
}
