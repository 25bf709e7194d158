#!/usr/bin/perl
# The client side of every simulated hook tool and of juju-exec. It knows no tool: it hands its name, its arguments and,
# when asked, its standard input to the unit's agent, and does as it is told. It needs only what perl-base has.
#
# A message is a row of netstrings ("<length>:<bytes>,"), the first of which holds the number of those that follow.
#   request  hook-tool <context id> <directory> <name> <stdin given: 0 or 1> <stdin> <argument>...
#   request  juju-exec <unit> <relation or ""> <remote unit or ""> <commands>
#   request  call <pid> <directory> <stdin> <environment, NUL between variables> <name> <argument>...
#   request  ended <number of the call> <exit code>
#   answer   <exit code, or "stdin" where standard input is wanted> <stdout> <stderr>
#   answer   pass <number of the call, or "" where nobody wants to know how it ends>
use strict;
use warnings;
use Cwd ();
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM);

binmode $_ for \*STDIN, \*STDOUT, \*STDERR;

sub fail {
    my ($message, $code) = @_;
    print STDERR "ERROR $message\n";
    exit($code // 1);
}

sub receive {
    my ($socket, $buffer, $length) = @_;
    while (length($$buffer) < $length) {
        my $got = sysread($socket, $$buffer, 65536, length $$buffer);
        next if !defined $got && $!{EINTR};
        fail("the agent closed the connection") if !$got;
    }
}

sub netstring {
    my ($socket, $buffer) = @_;
    receive($socket, $buffer, length($$buffer) + 1) until $$buffer =~ /^([0-9]+):/;
    my ($length, $start) = ($1, length($1) + 1);
    receive($socket, $buffer, $start + $length + 1);
    my $text = substr $$buffer, $start, $length;
    substr($$buffer, 0, $start + $length + 1) = "";
    return $text;
}

sub dial {
    my ($path) = @_;
    return IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path);
}

sub ask {
    my ($path, @fields) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $socket = dial($path) or fail("dial unix $path: connect: " . lc "$!");
    my $request = join "", map { length($_) . ":$_," } scalar @fields, @fields;
    while (length $request) {
        my $sent = syswrite $socket, $request;
        next if !defined $sent && $!{EINTR};
        last if !defined $sent;
        substr($request, 0, $sent) = "";
    }
    my $buffer = "";
    my $count = netstring($socket, \$buffer);
    return map { netstring($socket, \$buffer) } 1 .. $count;
}

sub finish {
    my ($code, $stdout, $stderr) = @_;
    print STDOUT $stdout;
    print STDERR $stderr;
    close STDOUT;
    exit $code;
}

sub pass_on {
    my ($real) = @_;
    exec { $real } $real, @ARGV or fail("cannot run $real: $!", 127);
}

my ($directory, $name) = $0 =~ m{^(.*)/([^/]+)$} ? ($1, $2) : (".", $0);

# Beside such a file it stands in for a charm's own program, and whoever listens there is told of the call.
if (open my $observer, "<", "$directory/observer") {
    chomp(my ($path, $reads, $real) = <$observer>);
    my $input = $reads ? do { local $/; <STDIN> } // "" : "";
    my $environment = join "\0", map { "$_=$ENV{$_}" } sort keys %ENV;
    # Who is called when all is over, by what the charm has left running, still has its work to do.
    pass_on($real) if $real && !dial($path);
    my @answer = ask($path, "call", $$, Cwd::getcwd() // "/", $input, $environment, $name, @ARGV);
    finish(@answer) if $answer[0] ne "pass";
    pass_on($real) if $answer[1] eq "";
    my $status = system { $real } $real, @ARGV;
    my $code = $status & 127 ? 128 + ($status & 127) : $status >> 8;
    ask($path, "ended", $answer[1], $code) if dial($path);
    exit $code;
}

if ($name eq "juju-exec" || $name eq "juju-run") {
    my ($unit, $relation, $remote, @words) = ("", "", "");
    while (@ARGV) {
        my $word = shift @ARGV;
        if ($word eq "--") { push @words, splice @ARGV; }
        elsif ($word =~ /^(?:-u|--unit)$/) { $unit = shift @ARGV // fail("option needs an argument: $word", 2); }
        elsif ($word =~ /^--unit=(.*)$/s) { $unit = $1; }
        elsif ($word =~ /^(?:-r|--relation)$/) { $relation = shift @ARGV // fail("option needs an argument: $word", 2); }
        elsif ($word =~ /^--relation=(.*)$/s) { $relation = $1; }
        elsif ($word eq "--remote-unit") { $remote = shift @ARGV // fail("option needs an argument: $word", 2); }
        elsif ($word =~ /^--remote-unit=(.*)$/s) { $remote = $1; }
        elsif ($word =~ /^-./) { fail("option provided but not defined: $word", 2); }
        else { push @words, $word; }
    }
    $unit = shift @words // "" if $unit eq "";
    fail("missing unit-name", 2) if $unit eq "";
    fail("missing commands", 2) if !@words;
    my $commands = shift @words;
    fail("unrecognized args: [" . join(" ", map { "\"$_\"" } @words) . "]", 2) if @words;
    my $context = $ENV{JUJU_CONTEXT_ID} // "";
    fail("juju-run cannot be called from within a hook, have context \"$context\"") if $context ne "";
    my $path;
    if (open my $agents, "<", "$directory/agents") {
        while (my $line = <$agents>) {
            chomp $line;
            my ($each, $socket) = split /\t/, $line, 2;
            $path = $socket if $each eq $unit;
        }
    }
    fail("unit \"$unit\" not found on this machine") if !defined $path;
    finish(ask($path, "juju-exec", $unit, $relation, $remote, $commands));
}

my $context = $ENV{JUJU_CONTEXT_ID} // "";
fail("JUJU_CONTEXT_ID not set") if $context eq "";
my $address = $ENV{JUJU_AGENT_SOCKET_ADDRESS} // "";
fail("JUJU_AGENT_SOCKET_ADDRESS not set") if $address eq "";
my @call = ("hook-tool", $context, Cwd::getcwd() // "/", $name);
my @answer = ask($address, @call, 0, "", @ARGV);
if ($answer[0] eq "stdin") {
    my $input = do { local $/; <STDIN> } // "";
    @answer = ask($address, @call, 1, $input, @ARGV);
}
finish(@answer);
