/// The status page: one document without anything from elsewhere. It draws what `/status.json` says, once a second.
///
/// Names of nodes and texts come from outside and are only ever put in as text, never as markup.
enum StatusPage {
  static let bytes = Array(html.utf8)

  private static let html = #"""
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
    <title>redis-amb</title>
    <link rel="icon" href="data:,">
    <style>
    :root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b1f24;--dim:#5d6673;--line:#d6dae0;--ok:#1a7f4b;
    --warn:#9a6700;--bad:#c22b2b;--write:#8250df;--read:#0969da}
    @media(prefers-color-scheme:dark){:root{--bg:#0f1216;--card:#181c22;--ink:#e4e8ee;--dim:#98a2af;--line:#2f3640;
    --ok:#4cc38a;--warn:#e0a43a;--bad:#ff6b6b;--write:#b392f0;--read:#6cb0ff}}
    *{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
    main{max-width:1080px;margin:0 auto;padding:24px 20px 40px}
    header{display:flex;align-items:baseline;gap:12px;flex-wrap:wrap;margin-bottom:18px}
    h1{font-size:22px;margin:0}.dim{color:var(--dim)}.num{font-variant-numeric:tabular-nums}
    .state{font-weight:600;padding:2px 10px;border-radius:999px;border:1px solid currentColor;font-size:13px}
    .ok{color:var(--ok)}.warn{color:var(--warn)}.bad{color:var(--bad)}
    .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
    #map{position:relative;display:grid;grid-template-columns:minmax(170px,220px) 1fr minmax(280px,400px);align-items:center;
    margin-bottom:18px}
    #map svg{width:100%;height:100%;min-height:140px;overflow:visible}
    #nodes{display:flex;flex-direction:column;gap:10px}
    .node{border-left:4px solid var(--line);min-height:86px}.node.ok{border-left-color:var(--ok)}.node.bad{border-left-color:var(--bad)}
    .node,.pod *{color:var(--ink)}.node b{font-size:15px;overflow-wrap:anywhere}.role{float:right;font-size:13px}
    .figures{display:flex;gap:14px;flex-wrap:wrap;font-size:13px;color:var(--dim);margin-top:3px}
    .pod{text-align:center}.pod .box{border:1px solid var(--line);border-radius:8px;padding:8px;margin-top:8px;background:var(--bg)}
    #tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin-bottom:18px}
    .tile .v{font-size:24px;font-weight:600}.tile .k{font-size:13px;color:var(--dim)}
    .two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:10px;align-items:start}
    table{width:100%;border-collapse:collapse;font-size:14px}td{padding:3px 0;border-top:1px solid var(--line)}
    tr:first-child td{border-top:0}td:last-child{text-align:right}h2{font-size:14px;margin:0 0 6px;color:var(--dim);font-weight:600}
    .bar{display:inline-block;height:8px;border-radius:4px;background:var(--read);vertical-align:middle;margin-right:8px;opacity:.75}
    #spark{width:100%;height:56px;display:block}#spark path{fill:none;stroke:var(--read);stroke-width:1.5}
    footer{margin-top:18px;font-size:13px}a{color:inherit}
    @media(max-width:760px){#map{grid-template-columns:1fr;gap:10px}#map svg{display:none}}
    </style></head><body><main>
    <header><h1>redis-amb</h1><span id="state" class="state dim">connecting</span><span id="about" class="dim"></span></header>
    <section id="map"><div class="card pod"><b>pod</b><div class="box">app<div class="dim num" id="clients"></div></div>
    <div class="box"><b>redis-amb</b><div class="dim" id="listens"></div></div></div>
    <svg id="wires" aria-hidden="true"></svg><div id="nodes"></div></section>
    <section id="tiles"></section>
    <section class="two"><div class="card"><h2>Requests a second, last two minutes</h2><svg id="spark" viewBox="0 0 600 56"
    preserveAspectRatio="none"><path></path></svg><div class="dim num" id="peak"></div></div>
    <div class="card"><h2>Why requests went where they went</h2><table id="routing"></table></div>
    <div class="card"><h2>Since the start</h2><table id="events"></table></div>
    <div class="card"><h2>Threads</h2><table id="workers"></table></div></section>
    <footer class="dim"><a href="/metrics">metrics</a> &middot; <a href="/status.json">status.json</a> &middot;
    <a href="/readyz">readyz</a> &middot; <a href="/livez">livez</a></footer></main>
    <script>
    const $=id=>document.getElementById(id),history=[];let missed=0;
    const make=(tag,cls,text)=>{const e=document.createElement(tag);if(cls)e.className=cls;if(text!=null)e.textContent=text;return e};
    const rate=v=>v==null?'\u2013':v<10?(+v.toFixed(1)).toString():v<1e4?Math.round(v).toString():v<1e6?(v/1e3).toFixed(1)+'k':(v/1e6).toFixed(2)+'M';
    const time=s=>s==null?'\u2013':s<1e-3?Math.round(s*1e6)+' \u00b5s':s<1?(s*1e3).toFixed(s<.01?1:0)+' ms':s<90?s.toFixed(1)+' s':s<5400?Math.round(s/60)+' min':s<172800?(s/3600).toFixed(1)+' h':Math.round(s/86400)+' d';
    const size=b=>{let u=0;while(b>=1024&&u<4){b/=1024;u++}return (b<10&&u?b.toFixed(1):Math.round(b))+['',' KiB',' MiB',' GiB',' TiB'][u]+(u?'':' B')};
    const words={ok:['ok','serving'],starting:['warn','starting'],draining:['warn','draining'],paused:['warn','writes paused'],'no-primary':['bad','no primary, reads go on'],down:['bad','no node can be reached'],stalled:['bad','a thread does not answer']};
    function rows(table,list){table.replaceChildren(...list.map(([k,v,share])=>{const r=make('tr'),a=make('td',null,k),b=make('td','num',v);
    if(share!=null){const bar=make('span','bar');bar.style.width=Math.max(2,share*90)+'px';b.prepend(bar)}r.append(a,b);return r}))}
    function wires(nodes){const svg=$('wires'),box=svg.getBoundingClientRect();svg.replaceChildren();if(!box.width)return;
    const top=box.height/2;[...$('nodes').children].forEach((card,i)=>{const n=nodes[i],r=card.getBoundingClientRect(),y=r.top+r.height/2-box.top;
    const p=document.createElementNS('http://www.w3.org/2000/svg','path');p.setAttribute('d',`M4 ${top} C${box.width*.5} ${top} ${box.width*.5} ${y} ${box.width-4} ${y}`);
    p.setAttribute('fill','none');p.setAttribute('stroke',`var(--${n.serving?n.role=='primary'?'write':'read':'line'})`);
    p.setAttribute('stroke-width',Math.min(7,1.5+Math.log10(1+n.per_second)));if(!n.serving)p.setAttribute('stroke-dasharray','4 5');svg.append(p);
    const t=document.createElementNS('http://www.w3.org/2000/svg','text');t.setAttribute('x',box.width-12);t.setAttribute('y',y-8);t.setAttribute('text-anchor','end');
    t.setAttribute('font-size','12');t.setAttribute('fill','var(--dim)');t.textContent=n.serving?rate(n.per_second)+'/s':'';svg.append(t)})}
    function show(s){const [cls,word]=words[s.state]||['warn',s.state];$('state').className='state '+cls;$('state').textContent=word;
    document.title=`redis-amb: ${word}`;const t=s.topology;
    $('about').textContent=`version ${s.version}, pid ${s.pid}, up ${time(s.uptime)}, topology from ${t.source}`+(t.epoch?`, epoch ${t.epoch}`:'')+(t.primary_proof?` (${t.primary_proof})`:'')+(t.primary_absence?`: ${t.primary_absence}`:'');
    $('clients').textContent=`${s.clients.connected} connection${s.clients.connected==1?'':'s'}`;$('listens').textContent=s.listeners.join(', ');
    $('nodes').replaceChildren(...s.nodes.map(n=>{const c=make('div','card node '+(n.serving?'ok':'bad'));c.append(make('span','role dim',n.role),make('b',null,n.name));
    const f=make('div','figures num');const health=make('span',n.serving?'ok':'bad',n.silent?'silent':n.health);health.style.color=`var(--${n.serving&&!n.silent?'ok':'bad'})`;f.append(health,make('span',null,`${rate(n.per_second)}/s`),make('span',null,`p50 ${time(n.p50)}`),make('span',null,`p99 ${time(n.p99)}`),make('span',null,`${n.in_flight} in flight`));
    if(n.lag_bytes!=null)f.append(make('span',null,`lag ${size(n.lag_bytes)}`));c.append(f);if(n.last_failure&&!n.serving)c.append(make('div','figures',n.last_failure));return c}));
    wires(s.nodes);const tiles=[[rate(s.requests.per_second),'requests/s'],[s.clients.connected,'clients'],[s.holds.clients,'clients that wait for a primary'],[s.upstreams.open,`upstreams, ${s.upstreams.lent} lent`],[size(s.memory.resident),'memory'],[s.counters.unknown_fates,'writes of unknown fate']];
    $('tiles').replaceChildren(...tiles.map(([v,k],i)=>{const c=make('div','card tile');c.append(make('div','v num'+(v&&(i==2||i==5)?' bad':''),v),make('div','k',k));return c}));
    history.push(s.requests.per_second);if(history.length>120)history.shift();const peak=Math.max(...history,1);
    $('spark').firstElementChild.setAttribute('d',history.map((v,i)=>`${i?'L':'M'}${(600-(history.length-1-i)*5)} ${54-v/peak*50}`).join(''));$('peak').textContent=`most: ${rate(Math.max(...history))}/s`;
    const routed=Object.entries(s.routing).filter(e=>e[1]>0).sort((a,b)=>b[1]-a[1]),all=routed.reduce((n,e)=>n+e[1],0)||1;
    rows($('routing'),routed.length?routed.map(([k,v])=>[k,v.toLocaleString('en'),v/all]):[['nothing yet','']]);
    const f=s.configuration,l=f.last_reload,reload=l?[[`reload, ${time(l.ago)} ago${f.current?'':': what was in force goes on'}`,[l.outcome,...l.reasons].join(': ')]]:[];
    const c=s.counters;rows($('events'),[...reload,['requests',s.requests.total.toLocaleString('en')],['connections of clients',s.clients.accepted.toLocaleString('en')],['held for a primary',c.held],['taken back from a node that is no primary',c.taken_back],['reads asked again elsewhere',c.reads_asked_again],['writes of unknown fate',c.unknown_fates],['subscriptions taken up again',c.resubscriptions],['times without a primary',s.outages.count],...s.outages.latest.slice(-3).reverse().map(o=>[`${new Date(o.began*1e3).toLocaleTimeString()}: ${o.evidence}`,`${o.lasted==null?'still':time(o.lasted)}, ${o.clients_waited} waited, ${o.unknown_writes} unknown`])]);
    rows($('workers'),s.workers.map(w=>[`worker ${w.index}`,w.answered?`${w.clients} clients, lag ${time(w.lag)}`:'does not answer']))}
    async function turn(){try{const r=await fetch('/status.json',{signal:AbortSignal.timeout(3000)});if(!r.ok)throw 0;show(await r.json());missed=0}
    catch{if(++missed>1){$('state').className='state bad';$('state').textContent='no answer from the ambassador'}}setTimeout(turn,document.hidden?5000:1000)}
    turn();
    </script></body></html>

    """#
}
