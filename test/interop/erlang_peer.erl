%% SPDX-FileCopyrightText: sctpxx contributors
%% SPDX-License-Identifier: MIT

%% One socket of Erlang's gen_sctp and any number of peers. It prints every event and every message, and does what the
%% lines of its input say:
%%
%%     connect PORT ADDRESS            to one peer
%%     send ID STREAM PPID TEXT        ID: of an association, as the events tell it
%%     unordered ID STREAM PPID TEXT
%%     large ID STREAM PPID SIZE
%%     eof ID | abort ID | silent | close

-module(erlang_peer).
-export([main/1]).
-include_lib("kernel/include/inet_sctp.hrl").

%% -run erlang_peer main echo|silent ADDRESS...
main([Mode | Addresses]) ->
    io:setopts([{encoding, latin1}]),
    Own = [{ip, address(A)} || A <- Addresses],
    {ok, Socket} = gen_sctp:open(Own ++ [
        binary, {active, true}, {type, seqpacket}, {recbuf, 524288}, {sndbuf, 524288}, {buffer, 524288},
        {sctp_initmsg, #sctp_initmsg{num_ostreams = 7, max_instreams = 6}},
        {sctp_events, #sctp_event_subscribe{
            data_io_event = true, association_event = true, shutdown_event = true, address_event = true,
            send_failure_event = true, peer_error_event = true, partial_delivery_event = true}}
        | family(Own)]),
    ok = gen_sctp:listen(Socket, true),
    {ok, {_, Port}} = inet:sockname(Socket),
    io:format("Erlang/OTP ~s listening on ~b~n", [erlang:system_info(otp_release), Port]),
    Self = self(),
    spawn_link(fun() -> read(Self) end),
    loop(Socket, Mode).

address(Text) ->
    {ok, Address} = inet:parse_address(Text),
    Address.

family([{ip, Address} | _]) when tuple_size(Address) =:= 8 -> [inet6];
family(_) -> [].

read(To) ->
    case io:get_line("") of
        Line when is_list(Line) -> To ! {line, string:trim(Line)}, read(To);
        _ -> To ! {line, "close"}
    end.

loop(Socket, Mode) ->
    receive
        {line, "close"} ->
            io:format("closed: ~p~n", [gen_sctp:close(Socket)]),
            halt(0);
        {line, "silent"} ->
            loop(Socket, "silent");
        {line, Line} ->
            io:format("~s: ~p~n", [Line, obey(Socket, string:split(Line, " "))]);
        {sctp, _, From, Port, {How, Data}} when is_binary(Data) ->
            io:format("message from ~s:~b: ~b bytes, adler ~b: ~s", [inet:ntoa(From), Port, byte_size(Data),
                erlang:adler32(Data), binary:part(Data, 0, min(40, byte_size(Data)))]),
            take(Socket, Mode, How, Data);
        {sctp, _, _, _, {_, Event}} ->
            io:format("event ~s~n", [event(Event)]);
        Other ->
            io:format("other ~p~n", [Other])
    end,
    loop(Socket, Mode).

take(Socket, Mode, [#sctp_sndrcvinfo{stream = Stream, ppid = Ppid, flags = Flags, assoc_id = Id}], Data) ->
    io:format(" (stream ~b, ppid ~b, ~p, on ~b)~n", [Stream, Ppid, Flags, Id]),
    case Mode of
        "echo" -> send(Socket, #sctp_sndrcvinfo{stream = Stream, ppid = Ppid, flags = Flags, assoc_id = Id}, Data);
        _ -> ok
    end;
take(_, _, How, _) -> io:format(" (~p)~n", [How]).

event(#sctp_assoc_change{state = State, error = Error, outbound_streams = Out, inbound_streams = In, assoc_id = Id}) ->
    io_lib:format("~p ~b, ~b streams out, ~b in, error ~p", [State, Id, Out, In, Error]);
event(#sctp_shutdown_event{assoc_id = Id}) -> io_lib:format("shutdown ~b", [Id]);
event(#sctp_paddr_change{addr = {Address, _}, state = State, assoc_id = Id}) ->
    io_lib:format("path ~s ~p on ~b", [inet:ntoa(Address), State, Id]);
event(#sctp_send_failed{error = Error, data = Data, assoc_id = Id}) ->
    io_lib:format("send_failed ~p, ~b bytes, on ~b", [Error, byte_size(Data), Id]);
event(Other) -> io_lib:format("~p", [Other]).

obey(Socket, ["connect", Where]) ->
    [Port, Address] = string:lexemes(Where, " "),
    gen_sctp:connect_init(Socket, address(Address), list_to_integer(Port), []);
obey(Socket, ["eof", Id]) -> gen_sctp:eof(Socket, association(Id));
obey(Socket, ["abort", Id]) -> gen_sctp:abort(Socket, association(Id));
obey(Socket, [Verb, Rest]) ->
    [Id, Stream, Ppid | Words] = string:lexemes(Rest, " "),
    Text = lists:join(" ", Words),
    Data = case Verb of "large" -> pattern(list_to_integer(lists:flatten(Text))); _ -> iolist_to_binary(Text) end,
    {send(Socket, #sctp_sndrcvinfo{
        stream = list_to_integer(Stream), ppid = list_to_integer(Ppid), assoc_id = list_to_integer(Id),
        flags = case Verb of "unordered" -> [unordered]; _ -> [] end}, Data),
     adler, erlang:adler32(Data)};
obey(_, Unknown) -> {unknown, Unknown}.

send(Socket, How, Data) -> gen_sctp:send(Socket, How, Data).

association(Id) -> #sctp_assoc_change{assoc_id = list_to_integer(Id)}.

pattern(Size) -> << <<($a + I rem 23)>> || I <- lists:seq(0, Size - 1) >>.
